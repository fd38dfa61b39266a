"""English: what is known of the source, and what a model says that falls back to English instead of translating."""

from __future__ import annotations

import re

from processors.languages.english_numbers import NUMBER_WORDS
from processors.languages.knowledge import Dates, Excuses, LanguageKnowledge, Phrases, Questions, Units

UNITS = Units(
    {
        # length
        "km": r"km|kms|kph|kmh|kilomet(?:er|re)s?",
        "mile": r"mi|mph|miles?",
        "cm": r"cm|centimet(?:er|re)s?",
        "mm": r"mm|millimet(?:er|re)s?",
        "m": r"met(?:er|re)s?",
        "foot": r"feet|foot|ft",
        "inch": r"inch|inches",
        "yard": r"yards?|yds?",
        # mass
        "kg": r"kg|kgs|kilograms?|kilogrammes?|kilos?",
        "pound": r"pounds?|lbs?",
        "gram": r"grams?|grammes?|g",
        "mg": r"mg|milligrams?",
        "ton": r"tons?|tonnes?",
        "ounce": r"oz|ounces?",
        # volume
        "litre": r"lit(?:er|re)s?",
        "ml": r"ml|millilit(?:er|re)s?",
        "gallon": r"gallons?",
        "cup": r"cups?",
        "spoon": r"(?:table|tea)spoons?|tbsp|tsp",
        # money
        "dollar": r"(?:US )?dollars?|USD|bucks",
        "euro": r"euros?|EUR",
        "sterling": r"pounds sterling|GBP",
        "yen": r"yen|JPY",
        "yuan": r"yuan|renminbi|RMB",
        "rupee": r"rupees?",
        "riyal": r"ri[yi]?als?|SAR",
        "dirham": r"dirhams?|AED",
        "dinar": r"dinars?",
        "rouble": r"rou?bles?",
        # share
        "percent": r"%|percent|per cent",
        # temperature
        "celsius": r"° ?C|℃|degrees? (?:Celsius|centigrade|C)|Celsius",
        "fahrenheit": r"° ?F|℉|degrees? (?:Fahrenheit|F)|Fahrenheit|F",
        # dimension
        "square": r"square|sq\.?|²",
        "cubic": r"cubic|cu\.?|³",
        # area
        "acre": r"acres?",
        "hectare": r"hectares?|ha",
        # power
        "watt": r"watts?|W",
        "kilowatt": r"kilowatts?|kW",
        "volt": r"volts?|V",
        "ampere": r"amps?|amperes?",
        # data
        "kilobyte": r"kilobytes?|KB",
        "megabyte": r"megabytes?|MB",
        "gigabyte": r"gigabytes?|GB",
        "terabyte": r"terabytes?|TB",
        # rate
        "kilobit": r"kbps|kilobits?|kbit",
        "megabit": r"[Mm]bps|megabits?|Mbit",
        "gigabit": r"[Gg]bps|gigabits?|Gbit",
        # energy
        "calorie": r"k?cal|calories?|kilocalories?",
        "joule": r"joules?|kJ",
        # frequency
        "kilohertz": r"kHz|kilohertz",
        "megahertz": r"MHz|megahertz",
        "gigahertz": r"GHz|gigahertz",
        # time
        "hour": r"hours?|hrs?",
        "minute": r"minutes?|mins?",
        "second": r"seconds?|secs?",
        "day": r"days?",
        "week": r"weeks?",
        "month": r"months?",
        "year": r"years?",
        "century": r"centur(?:y|ies)",
    },
    before=r"[ -]?(?:(?P<is_square>sq\.? |square )|(?P<is_cubic>cubic ))?",
    unnamed={"share": r"[%٪]|percent|per cent|\bpct\b|proportion|\brate\b|\bshare\b|°"},
)

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DATES = Dates(
    months={name: name[:3] for name in _MONTHS} | {"September": "Sept?"},
    days={name: f"{name}s?" for name in _DAYS},
    # "12th of"
    before_month=r"\d(?:st|nd|rd|th)?(?: of)?[\s-]",
    era=r"\d\s?(?:BCE?|B\.C\.?(?:E\.?)?)(?![A-Za-z])",
    morning=r"morning|dawn|\ba\.?m\b|midnight|breakfast",
    evening=r"evening|afternoon|night|\bp\.?m\b|noon",
    only_morning=r"a\.m\b|am\b|AM\b|A\.M\b|(?:o['’]clock )?in the (?:early |late )?morning\b",
    only_evening=r"p\.m\b|pm\b|PM\b|P\.M\b|(?:o['’]clock )?in the (?:early |late )?(?:afternoon|evening)\b",
)
# Words of which one must be there for a month or a day to be named.
DATE_WORDS = frozenset(
    [name.lower() for name in _MONTHS] + [name[:3].lower() for name in _MONTHS] + ["sept"]
    + [name.lower() for name in _DAYS] + [f"{name.lower()}s" for name in _DAYS]
)  # fmt: skip
# Without any of these and without digits a text has no quantity that is looked at; March and May are also verbs.
QUANTITY_WORDS = (NUMBER_WORDS | DATE_WORDS | {"minus"}) - {"may", "mar", "march"}

PHRASES = Phrases(
    signs=("ransl", "TRANSL", "ere"),
    opener=re.compile(
        r"\W{0,4}(?:certainly|sure(?: thing)?|of course|absolutely|okay|ok|got it|no problem|with pleasure"
        r"|here you go|great question)\s?[!,.:]+\s+",
        re.I,
    ),
    # CODE and NAME are the target language's.
    echo=r"\b(?:here(?:'s| is|’s)|sure|certainly|of course|okay|below is|let me|i'll|i will)\b[^\n.]{0,50}"
    r"(?:\btranslat\w+|\bin NAME\b|\bNAME (?:translation|version))"
    r"|^\W{0,4}(?:\w+ ){0,2}translat(?:ion|ed)(?: (?:in)?to NAME| text| \(NAME\))?\W{0,4}[:\n]"
    r"|\btranslate the following\b|\btranslated (?:text:|by\b)"
    r"|^\W{0,4}(?:in )?(?:modern (?:standard )?)?NAME(?: translation)?(?: \([^()\n]{1,30}\))?\W{0,3}[:\]]"
    r"|^\W{0,4}\[?CODE\]|^(?:assistant|user|model)\s*\n",
    echo_signs=(),
    translating="translat",
    refusal_signs=("orry", "I can", "unable", "s an AI", "language model", "ontent "),
    refusal=r"\b(?:i'?m sorry|i am sorry|sorry|i apologi[sz]e|unfortunately)\b"
    r"[^.\n]{0,40}\b(?:can(?:no|')?t|unable|not able)\b"
    r"|\bi (?:can(?:no|')t|cannot|am unable to|am not able to|'m unable to|won't) "
    r"(?:translat|assist|help|fulfil|provide|comply|complete|continue|proceed)\w*"
    r"|\bi'm unable to\b|\bcontent (?:blocked|filtered|removed)\b",
    model=r"\bas an ai\b",
    preface=r"\W{0,4}(?:(?:sure|certainly|of course|okay|ok|absolutely)\b[,.! ]*)?"
    r"(?:(?:here(?:'s| is|’s)|this is|below is)\b[^\n:]{0,60}\b(?:translat\w+|NAME|JSON)\b[^\n:]{0,60}"
    r"|(?:the |my |final |full |literal ){0,2}(?:NAME )?translat(?:ion|ed)(?: text)?(?: (?:in)?to NAME| \(NAME\)| is)?"
    r"(?: as follows)?"
    r"|(?:in )?NAME(?: (?:translation|version|text))?(?:,? (?:this|it) (?:would be|is|reads))?|CODE)\W{0,4}[:：\n]",
    stub=r"(?>(?>(?:none|not|no longer|un) ?(?:available|found|known|set|specified|given)"
    r"|i'?m sorry|i can(?:'?t|not)(?: do that)?|thanks? you|thanks?|sorry|yes|okay|ok|sure|done"
    r"|not applicable|no|n/?a|none|null|nil|nan|undefined|empty|error|unknown|true|false|translat(?:ion|ed)"
    r"|text|todo|tbd)(?!\w)[\s,!.:]*)++",
)

EXCUSES = Excuses(
    translating=r"translat|\binterpret|subtitl|\bcaption|\bdub(?:s|bed|bing)\b",
    refusing=re.compile(
        r"\b(?:can(?:no|['’]?)t|cannot|can not|can never|unable|not able|impossible|couldn['’]?t|could not|won['’]?t"
        r"|not possible|incapable|refus\w+|declin\w+|afraid|\w+n['’]t able|no longer able"
        r"|fail\w*|nothing I|not going to|will not|don['’]t (?:know|understand|have|get)|do not (?:know|understand"
        r"|have)|didn['’]t (?:understand|get|catch)|did not (?:understand|get)|violat\w+|against|contradict\w*|not"
        r" (?:capable|in a position)|inability|hardly|reject\w*|den(?:y|ied|ies)|never (?:be|been) able)\b",
        re.I,
    ),
    limiting=re.compile(
        r"\b(?:not?|never|nothing|none|nobody|nor|without|outside|beyond|only|except|instead|rather|too|out of|limits?"
        r"|limited|restrict\w*|prohibit\w*|forbid\w*|forbidden|policy|policies|guidelines?|rules?|scope|avoid\w*"
        r"|lack\w*"
        r"|stop\w*|miss\w*|decid\w+ against|apolog\w*|sorry|regret\w*|above|harmful|illegal|unsafe|abstain|refrain\w*"
        r"|pass on|leave that)\b|n['’]t\b",
        re.I,
    ),
    speaker=re.compile(r"\b(?:I|me|my|mine|myself|we|us|our)\b", re.I),
    pleading=re.compile(r"\b(?:provid|send|shar|past|submit|upload|enter|attach|typ)(?:e|ed|es|ing)?\b", re.I),
    model=re.compile(r"\b(?:AI|language model|assistant|chatbot|artificial|helper|program|model)\b", re.I),
    notes=re.compile(
        r"\bnot(?:e|es|ice)\b|\bN\.?B\b|remark|observation|caveat|translat"
        r"|(?:^|\n)[ \t]*\W{0,4}(?:\w{1,15} )?(?:tips?|hints?|attention|caution|warning|important|reminder|disclaimer"
        r"|info|fyi|p\.?s\.?|heads[- ]up)\b\W{0,4}[:：!—–-]",
        re.I,
    ),
    serving=re.compile(
        r"let me know|help|assist|hope|feel free|anything else|hesitat|translat|inform|tell me|ask|further|adjust"
        r"|chang|edit|modif|useful",
        re.I,
    ),
    offering=re.compile(
        r"\b(?:can|may|could|shall|do|should|might) (?:I|we)\b"
        r"|\b(?:I|we)(?:['’](?:m|re|ve)| (?:am|are|have|can|could|may))\b"
        r"|\blet (?:me|us)\b|service\b|\bassist you|\bhelp(?:ing)? you\b|\bask (?:me|us|your|away|any)|\byour question"
        r"|understood|\bI (?:got|see|under)|\bwelcome|\bhow (?:can|may)|\bgo ahead"
        # "Help me" asks for help, and "there is" is no place.
        r"|\b(?:help|assist|serv)(?:e|s|es|ed|ing)?\b(?! (?:me|us)\b)|\bthere\b(?! (?:is|are|was|were)\b)"
        r"|\b(?:ready|set|prepared|here|received|got|gotcha|noted|roger|copy that|orders?|pleasure|happy|glad|gladly"
        r"|a hand|anything)\b|\bwhat\b[^\n.?!]{0,60}\b(?:do|done|have|like|want|need)\b",
        re.I,
    ),
    polite=re.compile(r"thank|welcome|excuse|pardon|sorry|apolog|hello|greet|of course|certainly|mention it", re.I),
    # What speaks of words as words, of a language, or of a program's names: before it in its sentence, or behind it.
    mention=re.compile(
        r"\b(?:words?|terms?|called|named|verbs?|nouns?|adjectives?|adverbs?|articles?|prefix|suffix|tense"
        r"|participle|plural|singular|rhym\w+|anagram|opposite|synonyms?|antonyms?|spell\w*|pronounc\w+|letters|columns?"
        r"|fields?|keys?|properties|property|values?|variables?|parameters?|arguments?|functions?|methods?|commands?"
        r"|keywords?|options?|flags?|status(?:es)?|states?|labels?|classif\w+|categori\w+|types?|enters?|runs?|execut\w+"
        r"|invok\w+|returns?|librar(?:y|ies)|packages?|modules?|branch(?:es)?|commit\w*|install\w*|import(?:ed|s)?"
        r"|(?:an?|and|the) (?:int|float|string|bool|char|dict|list|set|tuple)"
        r"|spanish|french|italian|german|latin|portuguese|dutch|turkish|english|hindi|swahili|malay|indonesian"
        r")\b[^.\n]{0,80}\Z",
        re.I,
    ),
    mentioned=re.compile(
        r" (?:loops?|statements?|commands?|keywords?|functions?|methods?|fields?|columns?|keys?|blocks?"
        r"|types?|variables?|operators?|tags?|propert(?:y|ies)|files?"
        r"|is (?:an?|the) (?:\w+ )?(?:word|verb|noun|adjective|adverb))\b",
        re.I,
    ),
    opening=re.compile(
        r"\W*(?:(?:oh|ah|aha|well|so|but|and|uh|um|hmm+|hey|hi|hello|now|then|why)\b\W*)*+"
        r"(?:(?:it|that|this|what)(?:['’]s| is| was|['’](?:d|ll) be| would be)? )?(?:an? )?(?:(?:very|really"
        r"|such) )?(?:an? )?"
        r"(?:sure|certain|of course|ye[sahp]+|yup|yep|aye|no\b|nope|nah|no[tn]\b|never|o\.?k|okay|all ?right|alright"
        r"|absolute|definite|indeed|exact|precise|fine|good|great|right|well|gladly|glad|with pleasure|happ(?:y|ily)"
        r"|i(?:['’]d|['’]m| would| am|['’]ll| will) (?:\w+ )?(?:be )?(?:happy|glad|delighted|love|pleased"
        r"|like (?:that|to[!.,]))"
        r"|my pleasure|pleasure"
        r"|you(?:['’]re| are) welcome|welcome|you bet|natural|obvious|clear|true|agreed|by all means|go ahead"
        r"|there you|don['’]t|not |nothing|none|got it|understood|very well|so be it|deal|roger|sounds|no problem"
        r"|i see|perfect|excellent|understandabl|undoubted|without (?:a |any )?(?:doubt|question)|no doubt|for sure"
        r"|excellent|(?:interesting|important|fair|wonderful|big|hard|tough) question\b"
        r"|you know|enough|amen|anyway|cool"
        r"|nice|assuredly|positive|affirmative)",
        re.I,
    ),
    moved_to_front=re.compile(
        r"[^.?!\n]{0,160}\b(?:of course|naturally|certainly|surely|sure|definite(?:ly)?|obvious(?:ly)?|absolutely"
        r"|indeed|no doubt|undoubtedly|for certain|clearly|evidently|good question|questions?(?= (?:is|was)\b))\b",
        re.I,
    ),
)

QUESTIONS = Questions(
    instruction=re.compile(
        r"(?:please\s+)?(?:write|explain|describe|list|give|summari[sz]e|translate|create|generate|provide|compare"
        r"|discuss|"
        r"rewrite|edit|identify|find|name|tell|suggest|calculate|classify|convert|design|compose|construct|develop"
        r"|make|"
        r"outline|analy[sz]e|evaluate|what|how|why|who|when|where|which|can you|could you|is|are|do|does|did)\b",
        re.I,
    ),
    request=r"(?:please,? |now,? |can you |could you )?(VERBS)\b(?! (?:down|off|me|to|back)\b)",
    polite=re.compile(
        r"\b(?:could|can|will|would|may|might|won['’]t|shall|should|why don['’]t|how about|what about)\b"
        # "Isn't it beautiful?" exclaims.
        r"|^\W*(?:is|are|was|were|do|does|did|has|have)n['’]t\b",
        re.I,
    ),
    wanted=re.compile(
        r" (?:me |us )?(?:(?:briefly|in detail|at least|exactly|only|all|some|any|about) )?"
        r"(?:an?|the|this|that|these|those|your|my|his|her|their|its|two|three|four|five|six|seven|eight|nine|ten"
        r"|\d+|how"
        r"|what|why|when|where|who|which|each|every)\b",
        re.I,
    ),
    tag=re.compile(
        r"(?:,\s(?:will|would|shall|can|could|do|did|does|is|are|was|were|have|has|right|ok|okay|you know|\w+n['’]t)\b"
        r"[^,.?]{0,15}|^(?:Maybe|So|And|But)\b[^?]*|\b(?:right|okay|huh|eh)"
        r")\?\W*$"
    ),
)

# "Couldn't be happier" denies nothing, and says so in one way only.
_BETTER = r" (?:be|get|have been) (?:any )?(?:\w+ier|more|better|prouder)\b"
DENIALS = re.compile(
    rf"\b(?:(?<!could )not|(?<=could )not(?!{_BETTER})|never|nobody|no one|without|cannot"
    rf"|(?!couldn['’]t{_BETTER})\w+n['’]t)\b",
    re.I,
)
# A comma must follow: "First I saw" and "So tired" open nothing.
OPENERS = {
    kind: re.compile(rf"[^\w\n]{{0,3}}(?:{words})\s?,")
    for kind, words in {
        "contrast": "However|Nevertheless|Nonetheless|On the other hand|On the contrary|In contrast|By contrast"
        "|Conversely|Instead|That said",
        "cause": "Therefore|Thus|Hence|Consequently|As a result|Accordingly|So|For this reason",
        "addition": "Moreover|Furthermore|In addition|Additionally|Also|Besides",
        "example": "For example|For instance",
        "first": "First|Firstly|First of all|To begin with",
        "next": "Second|Secondly|Third|Thirdly|Next|Then|After that|Afterwards?",
        "last": "Finally|Lastly|In the end|Eventually|In conclusion|To conclude|In summary|In short|To summari[sz]e"
        "|To sum up|Overall",
        "meanwhile": "Meanwhile|In the meantime",
        "truth": "In fact|Actually|Indeed",
    }.items()
}

# What headings and labels say of the text below them, in any text on anything: no names, and no words of a program's
# menus ("Settings", "Search"), which translators may keep.
_HEADINGS = """
    abstract asked achievements acknowledgements acknowledgments activities activity additional advanced
    advantage
    advantages advice age aim aims alternatives analysis answer answers appendix application applications approach
    approaches approximate argument arguments aspects assessment assignment assumption assumptions attention author
    background basic basics before beginner beginners behavior behaviour benefit benefits biography body bonus
    bottom breakfast budget calculation calculations career cast causes caution challenge challenges chapter
    character characteristics characters checklist chemistry chronology climax closing code comments common
    comparison comparisons complexity components concept concepts concern concerns conclusion conclusions cons
    consequences considerations constraints contact contents context contributions cooking cost costs criteria
    critique culture customer daily date day days deadline decision definition definitions demonstration departure
    description design details development diagnosis dialogue dietary difference differences difficulties dinner
    directions disadvantage disadvantages discussion drawbacks duration early economy education effects effort
    employment ending engagement environment environmental equipment errors essay essential ethical evaluation
    event events evidence example examples exercise exercises experience explanation explanations factors facts faq
    faqs feature features feedback final finding findings first follow-up following format frequently friday future
    general genre geography getting goal goals grammar guide guideline guidelines headline health hints historical
    history hobbies homework how idea ideas impact impacts implementation implications importance important
    improvements ingredient ingredients inspiration installation instruction instructions intermediate intro
    introduction investigation issue issues itinerary job key knowledge known language later learn legacy lesson
    lessons life limitation limitations list lunch main maintenance marketing materials meaning measures medical
    message method methodology methods mission mistakes moderate monday monthly moral motivation name nature next
    note notes nutrition nutritional objective objectives observation observations occupation opening opportunities
    optional origin origins other outcome outcomes outline outlook overall overview participants parts pattern
    people performance personal perspective perspectives phase philosophy plan planning plot point points policies
    politics potential practical practice practices precautions preparation prerequisites prevention price
    principles priorities problem problems procedure process processes programme pros protagonist purpose
    qualifications question questions quick quote quotes reading reason reasons recap recent recipe recommendation
    recommendations reference references reflection reflections related religion requirement requirements research
    resource resources response responsibilities result results review reviews risk risks role roles rules safety
    saturday scenario scenes schedule science section servings setting setup shopping short significance
    similarities situation situations skill skills society solution solutions source sources staff started
    statement statistics step steps stories story strategies strategy strengths structure subject subtitle
    suggestion suggestions summary sunday supplies support symptoms synopsis synthesis table takeaway takeaways
    task tasks teaching technique techniques testing theme themes theory things thought thoughts thursday time
    timeline tip tips title tools topic topics training travel treatment treatments trends tricks troubleshooting
    tuesday types understanding update updates usage used useful uses variables variations vocabulary warning
    warnings ways weaknesses weather wednesday week weekly what why words work workout wrap-up
"""
HEADING_WORDS = frozenset(_HEADINGS.split())
# What titles write small ("The Lord of the Rings").
TITLE_WORDS = frozenset(
    ["a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "vs", "with"]
)

# The lexicon has none of them: they tell nothing of what a text is about.
FUNCTION_WORDS = frozenset(
    ["however", "therefore", "although", "though", "because", "while", "whereas", "moreover", "furthermore",
     "nevertheless", "meanwhile", "instead", "other", "otherwise", "also", "already", "always", "never", "often",
     "again", "perhaps", "maybe", "quite", "rather", "very", "just", "only", "even", "still", "yet", "too",
     "between", "among", "during", "before", "after", "since", "until", "within", "without", "upon", "toward",
     "towards", "against", "across", "along", "around", "behind", "below", "beneath", "beside", "besides",
     "beyond", "despite", "except", "inside", "outside", "through", "throughout", "under", "unless", "whether",
     "either", "neither", "both", "each", "every", "another", "such", "same", "about", "above", "almost", "enough",
     "ever", "from", "into", "like", "more", "most", "much", "off", "once", "onto", "over", "some", "than", "that",
     "then", "there", "these", "they", "this", "those", "thus", "what", "when", "where", "which", "who", "whose",
     "why", "with", "would", "will", "could", "should", "shall", "might", "must", "been", "being", "were", "was",
     "have", "has", "had", "does", "did", "done"]
)  # fmt: skip
AUXILIARIES = frozenset(
    ["is", "are", "am", "be", "do", "can", "may", "he", "she", "it", "we", "you", "they", "his", "her"]
)

ENGLISH = LanguageKnowledge(
    code="en",
    script="Latn",
    name="English",
    stem="English",
    name_particles=frozenset(
        ["de", "la", "las", "los", "del", "el", "di", "da", "do", "dos", "das", "du", "des", "le", "les", "van", "von",
         "der", "den", "al", "bin", "ibn"]
    ),
    below_zero=re.compile(r"minus|negative|below", re.I),
    units=UNITS,
    dates=DATES,
    phrases=PHRASES,
    excuses=EXCUSES,
    questions=QUESTIONS,
)  # fmt: skip
