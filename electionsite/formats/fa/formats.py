"""Numbers and the few Gregorian dates that Django itself writes, as Persian readers expect them."""

DATE_FORMAT = "Y/m/d"
DATETIME_FORMAT = "Y/m/d H:i"
TIME_FORMAT = "H:i"
FIRST_DAY_OF_WEEK = 6
DECIMAL_SEPARATOR = "٫"
THOUSAND_SEPARATOR = "٬"
NUMBER_GROUPING = 3
