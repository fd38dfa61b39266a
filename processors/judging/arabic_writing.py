"""What no rule can tell of Arabic writing, as criteria for a judge: beside `processors.checks.arabic`, not instead.

Rules find what one or two words show. Whether a verb agrees with a subject three words away, a case is right, a
pronoun has something to refer to, or a phrase is Arabic at all needs a reader. What rules do find is left out, so that
the two do not count the same errors.
"""

from processors.judging.criteria import Criteria

WRITING = Criteria(
    name="arabic_writing",
    about="You judge the Arabic of an answer and of the reasoning before it, not whether their facts are right. "
    "Errors of a single word's spelling are looked for elsewhere: leave them aside.",
    criteria=(
        (
            "agreement",
            "verbs, adjectives, pronouns and demonstratives agree with what they belong to in gender, number and "
            "definiteness, however far apart they stand; plurals of things take the feminine singular",
        ),
        (
            "case",
            "where case shows in letters (duals, sound plurals, the five nouns, the accusative with its alif, weak "
            "verbs in the jussive) it is the right one, after numbers, prepositions, كان and إنّ and their sisters too",
        ),
        (
            "numbers",
            "counted nouns have the form and the gender that their number asks for, also where words stand between; "
            "ordinals and dates are written as Arabic writes them",
        ),
        (
            "syntax",
            "sentences are Arabic ones: a verb has its own preposition, relative clauses have their pronoun, إنّ after "
            "قال and أنّ after other verbs, no verb or clause is missing and none is left over",
        ),
        (
            "reference",
            "each pronoun and demonstrative has one thing that it can mean, and words are not repeated where a "
            "pronoun would stand",
        ),
        (
            "connectives",
            "steps of reasoning are joined by Arabic connectives that mean it (لأن، إذن، غير أن، ومن ثم), "
            "not strung together by و or translated word for word",
        ),
        (
            "idiom",
            "reads as thought in Arabic: no calques of English idioms, passives with من قِبل, or تم with a verbal noun "
            "where a verb would do; terms of a field are the established ones and stay the same throughout",
        ),
        (
            "register",
            "is in Modern Standard Arabic throughout, unless the request is in a dialect or asks for one, with one "
            "form of address",
        ),
    ),
)
