"""ISO dates and a 24-hour clock in English, beside which Tehran's time is easiest to compare."""

DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = "Y-m-d H:i"
TIME_FORMAT = "H:i"
FIRST_DAY_OF_WEEK = 6
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
