"""What in an English text tells that it speaks of words: lessons, texts that are worked on, quotations asked about.

One list in three strengths, each with the one before. `GRAMMAR` are terms that nothing but a lesson has. `WORK` is
what asks for work on a text, which may then stay in English: a request that a conversation is judged by. `WORDS` are
common words too ("mean", "error", "correct"), which count beside a quotation alone.
"""

from __future__ import annotations

import re

from processors.protected.find import blanked
from processors.texts.text import Text, view

_GRAMMAR = (
    r"grammar\w*|grammatical\w*|(?:mis)?spell(?:ed|ings?|t)\b|spell.?check|(?:how|to) (?:\w+ ){0,2}spell\b|punctuat\w*"
    r"|commas?\b(?!-)|apostrophes?|semicolons?"
    r"|hyphen\w*|passive(?: voice| form| sentences?)?(?=[.?!:,;)]|$| and| or)|passive voice|the passive|active voice"
    r"|(?:past|present|future|which|what|right|correct|wrong|verb) tenses?|tenses\b"
    r"|(?:past|present|future) (?:simple|perfect|continuous|progressive|participles?)|simple (?:past|present)"
    r"|(?:zero|first|second|third) conditional|(?:reported|indirect|direct) speech|ing form|gerunds?|infinitives?"
    r"|adverbs?|adjectives?|verbs?|nouns?|pronouns?|prepositions?|plurals?(?! societ)|conjunctions?"
    r"|contractions?|syllables?"
    r"|vowels?|sentence fragments?|run-on|word order|synonyms?|antonyms?|homophones?|homonyms?|collocations?"
    r"|(?:complete|fill in)[^\n.?]{0,20} (?:sentences?|words?|gaps?|blanks?)|sentences? (?:below )?with\b|proofread\w*"
    r"|(?:correct|right|wrong|incorrect)(?:ly)? (?:words?|forms?|phrases?|sentences?|written)"
    r"|(?:sentences?|words?|forms?|phrases?|options?) (?:is|are|was|were) (?:\w+ )?(?:correct|right|wrong|incorrect)"
)
# What people work on.
_TEXT = (
    r"(?:sentences?|paragraphs?|e-?mails?|letters?|texts?|english|essays?|introduction|writing|messages?|abstract|cv"
    r"|r[eé]sum[eé]|bio|captions?|drafts?|wording|phrasing|speech|posts?|tweets?|reply|headlines?|titles?|statement)\b"
)
_LANGUAGES = (
    r"(?:arabic|chinese|dutch|english|french|german|greek|hebrew|hindi|italian|japanese|korean|latin|mandarin|persian"
    r"|polish|portuguese|russian|spanish|swedish|turkish|urdu)"
)
_QUALITY = (
    r"(?:polite|rude|formal|informal|natural|unnatural|professional|native|awkward|blunt|harsh|stiff|friendly|concise"
    r"|persuasive|diplomatic|casual|conversational|idiomatic|confident|tactful|assertive|courteous|modest"
    r"|wordy)(?:ly)?"
)
_WORK = (
    r"translat(?:e|es|ing|ions?|ors?)\b(?! the (?:triangle|figure|graph|point|shape|curve|function))|rephras\w+"
    r"|reword\w*|paraphras\w+|copy-?edit\w*|unscramble\b"
    # "Rewrite the function" is about a program.
    r"|rewrit(?:e|es|ing|ten)\b(?! (?:(?:the|this|that|my|it|your|a|in) )*(?:\w+ )?(?:code|functions?|method|class"
    r"|script|program|query|equations?|expressions?|fractions?|formulas?|loop|algorithm|component|module|app|system"
    r"|python|rust|java|javascript|c\+\+|go)\b)"
    rf"|(?:improve|polish|shorten|critique|edit|correct|fix|check|review|revise|feedback on|wrong with|mistakes? in"
    rf"|errors? in) (?:(?:my|this|these|the|any|all|following|a|each|of) ){{1,3}}(?:\w+ ){{0,2}}?{_TEXT}"
    rf"|(?:more|less|too|sounds?|sounded|(?:sounds?|being) (?:very|so|a bit|a little|more|less|too)) {_QUALITY}"
    r"|(?:turn|change|convert|shorten|expand|tone|polish|fix|improve|simplify|reorder|edit|correct|check"
    r"|locali[sz]e) (?:this|it|that|these|them|the following)\b[^.:?\n]{0,40}:[ \n]"
    r"|improve (?:this|it|these|that)(?=[ \n]?[.?]|$)"
    r"|(?:turn|change|convert|put) (?:\w+ ){1,3}(?:in|to|into) (?:the |a |an )?(?:past|present|future|question"
    r"|negative|statement|plural|singular)\b|tone (?:this|it|that|my \w+) down"
    r"|(?:say|put) (?:this|it|that) (?:like|as|in)\b[^.:?\n]{0,40}:|typos?\b|any mistakes|(?:find|spot|there) "
    r"(?:the |an? |any )?(?:errors?|mistakes?)(?=[:?]|$)|what (?:do|does|would|should|can|could) (?:\w+ ){1,2}say "
    r"(?:when|instead|if)|sign off|formal (?:letter|e-?mail)s?|which sounds|[\"”] or [\"“]|instead of [\"“]"
    r"|opposite of [\"“]|in (?:one|a) tweet|pangrams?|dictation|acronym"
    r"|(?:you|i|we) (?:could|can|would|should) (?:simply |just |also |then )?say\b"
    r"|politely|friendlier|politer|punchier|snappier|catchier|gentler"
    r"|make (?:it|this|that|these|them|my \w+|the \w+) (?:shorter|clearer|warmer|softer|simpler|nicer|kinder|firmer"
    r"|stronger|smoother|sound)\b|native speakers?"
    r"|how (?:do|does|would|could|can|should) (?:you|i|we|one|people|they|native \w+|americans|the british|britons) "
    r"(?:say|spell|pronounce|phrase|word|express)\b|how to (?:say|phrase|spell|pronounce)\b|pronounc\w+|pronunciation"
    r"|(?:another|other|different|better|nicer|simpler?|polite) (?:ways?|words?) (?:to say|of saying|for|to express)"
    r"|\w+ word for (?!word)|words? (?:that means?|meaning)\b"
    r"|meaning of (?:the (?:word|phrase|idiom|saying|expression)|[\"“*‘'])"
    r"|is [\"“‘'][^\n\"”?]{3,80}[\"”’'] (?:correct|right|wrong|grammatical|natural|english|ok)\b"
    r"|what (?:does|do|is) (?:the \w+ )?[\"“*‘'][^\n?]{1,80} mean|difference between [\"“*‘]"
    r"|(?:the|this) (?:word|phrase|expression|sentence|idiom)s? [\"“*‘]"
    r"|(?:given|following) (?:english )?(?:words?|phrases?|expressions?|idioms?|proverbs?|sayings?|terms?)\b"
    r"|(?:this|these|following|each|my|your|the|example|sample|complete|incorrect|two|second|first|last) sentences?:"
    r"|(?:using|use) \S+ in (?:a|an|\w+) (?:\w+ )?sentence|(?:example|sample) sentences?"
    r"|(?:combine|join|connect|link) (?:them|the|these|two|both)\b[^\n.?]{0,30}[\"“*‘]"
    rf"|(?<!respond )(?<!answer )(?<!reply )(?<!speak )in english\b|into {_LANGUAGES}\b|in {_LANGUAGES}[?:]"
    r"|(?:my|learn(?:ing)?|practi[sc]e|teach(?:ing)?|studying) english|english (?:words?|phrases?|sentences?|grammar"
    r"|lessons?|class|courses?|teachers?|tutors?|exams?|tests?|expressions?|idioms?|speakers?|learners?|uses|proverbs?"
    r"|spelling|pronunciation|verbs?|tenses?)\b|(?:british|american) english|ielts|toefl|esl\b|vocabulary"
    r"|idioms?\b|idiomatic|rhymes? with|palindromes?|anagrams?|tongue.?twisters?|acrostics?|wordplay"
    r"|play on words|puns?\b|portmanteaus?|alliterat\w+|crosswords?|scrabble|hangman|word games?"
    r"|headlines?|slogans?|taglines?|catchphrases?|subject lines?|lyrics"
    r"|capital letters?|(?:starts?|begins?) with (?:a capital|the letter)|title case|(?:upper|lower) ?case"
    r"|capitali[sz]e (?:the|each|every|all|it|this)"
    r"|reverse the (?:string|words?|letters)|spelled backwards?|(?:count|how many) (?:the )?(?:letters|vowels"
    r"|words (?:are|in))\b"
    r"|sentiment (?:of|analysis|classification)|classify (?:the|this|these|each) (?:following )?(?:\w+ )?"
    r"(?:texts?|reviews?|tweets?|sentences?|messages?)"
)
_WORDS = (
    r"translat\w*|correct\w*|sentences?|phrases?|words?\b|expressions?|mean(?:s|t|ing)?\b|rewrit\w+"
    r"|in (?:\w+ )?english\b|english (?:we|you|people)|is (?:that|this|it) (?:right|correct|wrong)\b|count\b|edit\w*"
    r"|fix\w*|question\b|is it (?=[\"“])|which (?:one )?is (?:right|correct|wrong|better)|(?:what|something) is wrong"
    r"|classif\w*|(?:^|[:;] |\b(?:we|speakers|americans|britons) )say (?=[\"“'])"
    r"|(?:git|npm|pip|windows|chrome|firefox|python|screen|page|log|app|computer|phone|program|browser|terminal"
    r"|console|installer|compiler|server) (?:just )?says?"
    r"|click\w*|buttons?|menus?|shows?\b|prints?\b|displays?\b|errors?|messages?|letters?\b|strings?|search\w*|reverse"
    r"|(?:the|this|that|an?|famous|opening|closing|first|last|his|her|their) "
    r"(?:lines?|verses?|lyrics?|mottos?|refrain)[,:]?(?= ?(?:[\"“‘«']|$))"
    r"|json\b|capital(?:i[sz]\w*|s\b| letter)|tense\b|passive\b"
)
# Without a flag for case: texts are given in small letters, which is half as fast again.
GRAMMAR = re.compile(rf"\b(?:{_GRAMMAR})\b")
WORK = re.compile(rf"\b(?:(?:{_GRAMMAR})\b|{_WORK})")
WORDS = re.compile(rf"\b(?:(?:{_GRAMMAR})\b|{_WORK}|{_WORDS})")
# What shows two versions of a text, or what a machine says, is itself what may stay.
_SHOWN = re.compile(
    r"^\W*(?:input|original|incorrect|wrong)\b[^\n:]{0,12}:|(?:^|[.!?] )compare:\s*$"
    r"|\bwho (?:said|wrote|sang|coined)\b"
    r"|\b(?:screens?|tablet|phone|computer|laptop|pc|mac|app|browser|printer|router|console|terminal|it"
    r"|windows?|dialog"
    r"|page|site|website|game|machine|tv|watch|car|dashboard|log|output|prompt|notification|popup|program|installer"
    r"|compiler|server)\b[^\n:.?!]{0,30}\b(?:says?|said|shows?|reads|displays?|prints?|reports?"
    r"|pops up)\b[^\n:.?!]{0,40}:"
    r"|\b(?:error|warning|message|notification|exception)s?\b[^\n:.?!]{0,60}:",
    re.MULTILINE,
)
SPEAKS = (
    r"(?:said|says|asked|asks|replied|repl(?:y|ies)|answered|told|tells|shouted|whispered|cried|called out|announced"
    r"|explained|added|wrote|thought|exclaimed|muttered|begged|insisted|warned|promised|admitted)"
)
# A request stands at the beginning of a long message or at its end: bounds the work.
_ENDS = 1500


@view
def is_of_words(text: Text) -> bool:
    """Whether a message asks for work on words or a text, outside its protected spans.

    >>> from processors.texts.text import text_of
    >>> [is_of_words(text_of(said)) for said in ("How do you say it in Spanish?", "How do you bake bread?")]
    [True, False]
    """
    return WORK.search(_prose(text)) is not None


@view
def is_worked_on(text: Text) -> bool:
    """As `is_of_words`, or whether the message itself shows a text: two versions, what a machine says."""
    return is_of_words(text) or _SHOWN.search(_prose(text)) is not None


def _prose(text: Text) -> str:
    prose = blanked(text).lower()
    return prose if len(prose) <= 2 * _ENDS else f"{prose[:_ENDS]}\n{prose[-_ENDS:]}"
