"""The standard words of bots, in the two languages that citizens are spoken to in.

They stand here rather than in the catalog of translations: they are what candidates' own texts are measured by, and
one of them is the text that people agree to. Whoever changes `consent` raises STANDARD_CONSENT_VERSION.
"""

from django.utils.translation import gettext_lazy as _

PERSIAN, ENGLISH = "fa", "en"
LANGUAGES = (PERSIAN, ENGLISH)
STANDARD_CONSENT_VERSION = 1

# What each text is for, as staff read it, in the order in which people meet them.
TEXT_LABELS = {
    "consent": _("Consent, before anything else"),
    "welcome": _("Welcome, with the menu"),
    "menu": _("Menu"),
    "contribute": _("What one can contribute"),
    "prompt": _("Asking for the contribution"),
    "thanks": _("Thanks for a contribution"),
    "polls": _("Polls that are open"),
    "no_polls": _("When no poll is open"),
    "city": _("Asking for the city"),
    "city_saved": _("After a city was chosen"),
    "contact": _("Contacting the campaign"),
    "phone": _("Asking for the phone number"),
    "phone_saved": _("After a phone number was shared"),
    "phone_of_other": _("When somebody else's number was shared"),
    "about": _("About the candidate"),
    "help": _("Help"),
    "hint": _("When the bot doesn't understand"),
    "stopped": _("After /stop"),
    "forget": _("Asking before erasure"),
    "forgotten": _("Before everything is erased"),
    "paused": _("While the bot is paused"),
}

# What may stand in braces, and how long it can become: as long as the messengers let names be, and ours.
PLACEHOLDER_LENGTHS = {"first_name": 64, "candidate": 150, "number": 20, "kind": 20, "city": 40}
COMMON_PLACEHOLDERS = frozenset({"first_name", "candidate"})
OWN_PLACEHOLDERS = {
    "prompt": frozenset({"kind"}),
    "thanks": frozenset({"kind", "number"}),
    "city_saved": frozenset({"city"}),
}

STANDARD_TEXTS: dict[str, dict[str, str]] = {
    "consent": {
        PERSIAN: (
            "سلام {first_name}! این بات ستاد {candidate} است.\n\n"
            "برای گفت‌وگو با شما این‌ها را نگه می‌داریم: نام و شمارهٔ شما در این پیام‌رسان، دکمه‌هایی که می‌زنید و آن‌چه"
            " برای ما می‌فرستید؛ و شهر، شمارهٔ تلفن و رأی‌های شما در نظرسنجی‌ها، اگر خودتان بگویید. فقط کارکنان ستاد"
            " آن را می‌بینند و پاسخ می‌دهند.\n\n"
            "با \u200e/mydata\u200e می‌بینید چه چیزی از شما نگه داشته شده و با \u200e/forget\u200e همه پاک می‌شود؛ از"
            " رأی‌هایتان فقط عددی بی‌نام می‌ماند. با \u200e/stop\u200e دیگر پیام همگانی نمی‌گیرید.\n\n"
            "موافق‌اید؟"
        ),
        ENGLISH: (
            "Hello {first_name}! This is the bot of {candidate}'s campaign.\n\n"
            "To talk with you we keep: your name and number on this messenger, the buttons that you press and what you "
            "send us; and your city, your phone number and your votes in polls, if you tell us. Only the campaign's "
            "staff see it, and answer.\n\n"
            "/mydata shows what is held about you, and /forget erases it; of your votes only numbers without a name "
            "remain. With /stop you get no more news.\n\n"
            "Do you agree?"
        ),
    },
    "welcome": {
        PERSIAN: "خوش آمدید {first_name}! چه کاری برایتان انجام دهیم؟",
        ENGLISH: "Welcome, {first_name}! What would you like to do?",
    },
    "menu": {PERSIAN: "چه کاری برایتان انجام دهیم؟", ENGLISH: "What would you like to do?"},
    "contribute": {PERSIAN: "چه چیزی می‌خواهید بفرستید؟", ENGLISH: "What would you like to send us?"},
    "prompt": {
        PERSIAN: "{kind}: در یک پیام بنویسید و بفرستید.",
        ENGLISH: "{kind}: write it in one message and send it.",
    },
    "thanks": {
        PERSIAN: "سپاس! با شمارهٔ {number} ثبت شد ({kind}). ستاد {candidate} آن را می‌خواند.",
        ENGLISH: "Thank you! It is kept under number {number} ({kind}). The campaign of {candidate} reads it.",
    },
    "polls": {PERSIAN: "در کدام نظرسنجی شرکت می‌کنید؟", ENGLISH: "Which poll would you like to take part in?"},
    "no_polls": {PERSIAN: "اکنون نظرسنجی بازی نیست.", ENGLISH: "No poll is open at the moment."},
    "city": {PERSIAN: "اهل کدام شهرید؟", ENGLISH: "Which city are you from?"},
    "city_saved": {PERSIAN: "شهر شما: {city}", ENGLISH: "Your city: {city}"},
    "contact": {
        PERSIAN: "می‌توانید از ستاد {candidate} بپرسید، یا شماره‌تان را بدهید تا تماس بگیرند.",
        ENGLISH: "You can ask the campaign of {candidate}, or leave your number to be called.",
    },
    "phone": {
        PERSIAN: "برای فرستادن شمارهٔ خودتان دکمهٔ پایین را بزنید.",
        ENGLISH: "Press the button below to share your own number.",
    },
    "phone_saved": {PERSIAN: "سپاس! شمارهٔ شما ثبت شد.", ENGLISH: "Thank you! Your number is kept."},
    "phone_of_other": {
        PERSIAN: "این شمارهٔ خود شما نیست؛ ثبت نشد.",
        ENGLISH: "This is not your own number. It is not kept as yours.",
    },
    "about": {
        PERSIAN: "{candidate} نامزد انتخابات است.",
        ENGLISH: "{candidate} stands for election.",
    },
    "help": {
        PERSIAN: (
            "\u200e/start\u200e منو\n"
            "\u200e/mydata\u200e آن‌چه از شما نگه داشته شده\n"
            "\u200e/forget\u200e پاک‌کردن همهٔ آن\n"
            "\u200e/stop\u200e دیگر پیام همگانی نفرستید (با \u200e/start\u200e دوباره می‌فرستیم)"
        ),
        ENGLISH: (
            "/start the menu\n"
            "/mydata what is held about you\n"
            "/forget erase all of it\n"
            "/stop no more news (/start takes it back)"
        ),
    },
    "hint": {
        PERSIAN: "پیامتان رسید. برای پیشنهاد، شکایت یا پرسش از منو شروع کنید.",
        ENGLISH: "Your message has arrived. For an idea, a complaint or a question, begin with the menu.",
    },
    "stopped": {
        PERSIAN: "دیگر پیام همگانی نمی‌گیرید. هر وقت خواستید \u200e/start\u200e را بزنید.",
        ENGLISH: "You get no more news. Whenever you like, /start takes it back.",
    },
    "forget": {
        PERSIAN: (
            "همهٔ آن‌چه از شما نگه داشته‌ایم پاک شود؟ نام، شهر، تلفن، پیام‌ها و آن‌چه فرستاده‌اید. از رأی‌هایتان فقط عددی"
            " بی‌نام می‌ماند. این کار برگشت ندارد."
        ),
        ENGLISH: (
            "Shall everything that we hold about you be erased? Your name, city, phone, messages and what you "
            "contributed. Of your votes only numbers without a name remain. This can't be undone."
        ),
    },
    "forgotten": {
        PERSIAN: "تا چند دقیقهٔ دیگر همه‌چیز پاک می‌شود. این آخرین پیام ماست؛ با \u200e/start\u200e از نو آغاز می‌کنید.",
        ENGLISH: "Everything will be erased within a few minutes. This is our last message; /start begins anew.",
    },
    "paused": {
        PERSIAN: "این بات اکنون پاسخ نمی‌دهد. آن‌چه بفرستید می‌ماند و دیده می‌شود.",
        ENGLISH: "This bot is paused. What you send is kept and will be seen.",
    },
}

# Words on buttons and in what is put together; nobody edits them.
LABELS: dict[str, dict[str, str]] = {
    "friend": {PERSIAN: "دوست گرامی", ENGLISH: "friend"},
    "agree": {PERSIAN: "موافقم", ENGLISH: "I agree"},
    "menu": {PERSIAN: "منو", ENGLISH: "Menu"},
    "contribute": {PERSIAN: "پیشنهاد، شکایت، گزارش …", ENGLISH: "Idea, complaint, report …"},
    "polls": {PERSIAN: "نظرسنجی‌ها", ENGLISH: "Polls"},
    "city": {PERSIAN: "شهر من", ENGLISH: "My city"},
    "contact": {PERSIAN: "تماس با ستاد", ENGLISH: "Contact the campaign"},
    "about": {PERSIAN: "دربارهٔ نامزد", ENGLISH: "About the candidate"},
    "idea": {PERSIAN: "پیشنهاد", ENGLISH: "Idea"},
    "complaint": {PERSIAN: "شکایت", ENGLISH: "Complaint"},
    "volunteer": {PERSIAN: "همکاری", ENGLISH: "Volunteering"},
    "report": {PERSIAN: "گزارش", ENGLISH: "Report"},
    "question": {PERSIAN: "پرسش", ENGLISH: "Question"},
    "next": {PERSIAN: "شهرهای دیگر", ENGLISH: "More cities"},
    "previous": {PERSIAN: "قبلی", ENGLISH: "Back"},
    "phone": {PERSIAN: "شماره‌ام را بدهم", ENGLISH: "Share my number"},
    "erase": {PERSIAN: "بله، پاک شود", ENGLISH: "Yes, erase it"},
    "keep": {PERSIAN: "نه، بماند", ENGLISH: "No, keep it"},
    "old_button": {
        PERSIAN: "این دکمه دیگر کار نمی‌کند؛ \u200e/start\u200e را بزنید.",
        ENGLISH: "This button is out of use; try /start.",
    },
    "poll_over": {PERSIAN: "این نظرسنجی بسته شده است.", ENGLISH: "This poll is closed."},
    "my_data": {PERSIAN: "آن‌چه از شما نگه داشته شده:", ENGLISH: "What is held about you:"},
    "name": {PERSIAN: "نام", ENGLISH: "Name"},
    "username": {PERSIAN: "نام کاربری", ENGLISH: "Username"},
    "platform_number": {PERSIAN: "شمارهٔ شما در پیام‌رسان", ENGLISH: "Your number at the messenger"},
    "language": {PERSIAN: "زبان", ENGLISH: "Language"},
    "source": {PERSIAN: "از کجا آمدید", ENGLISH: "Where you came from"},
    "phone_held": {PERSIAN: "تلفن", ENGLISH: "Phone"},
    "first_seen": {PERSIAN: "نخستین پیام", ENGLISH: "First seen"},
    "last_seen": {PERSIAN: "آخرین پیام", ENGLISH: "Last seen"},
    "agreed": {PERSIAN: "موافقت شما", ENGLISH: "You agreed"},
    "no_news": {PERSIAN: "پیام همگانی نمی‌گیرید از", ENGLISH: "No more news since"},
    "clicks": {PERSIAN: "دکمه‌ها و شروع‌ها", ENGLISH: "Buttons and starts"},
    "messages": {PERSIAN: "پیام‌ها", ENGLISH: "Messages"},
    "contributions": {PERSIAN: "پیشنهاد، شکایت و مانند آن", ENGLISH: "Contributions"},
    "votes": {PERSIAN: "رأی‌ها", ENGLISH: "Votes"},
    "as_written": {
        PERSIAN: "پیام‌ها همان‌گونه که نوشته‌اید نگه داشته می‌شوند. پاک‌کردن همه: \u200e/forget\u200e",
        ENGLISH: "Messages are kept as you wrote them. To erase everything: /forget",
    },
}  # fmt: skip


def language_of(language_code: str) -> str:
    """The language that a person is spoken to in: English for whoever uses their messenger in it, else Persian."""
    return ENGLISH if language_code.startswith(ENGLISH) else PERSIAN


def label(name: str, language: str) -> str:
    """A word on a button."""
    return LABELS[name][language]
