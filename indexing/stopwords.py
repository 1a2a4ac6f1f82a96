"""German words that carry no meaning of their own in a search, in the analyser's folded spelling.

Own list, by word class. Question words are among them: "Welche Gebühr gilt wann?" asks for "Gebühr". Short as it is on
purpose: a word that may be the point of a question ("nicht", "ohne", "zwei") is not in it.
"""

_ARTICLES = "der die das den dem des ein eine einen einem einer eines kein keine keinen keinem keiner keines"
_PRONOUNS = """
ich du er sie es wir ihr mich dich ihn uns euch mir dir ihm ihnen sich man mein meine meinen meinem meiner meines dein
deine sein seine seinen seinem seiner seines ihre ihren ihrem ihrer ihres unser unsere unseren unserem unserer unseres
euer eure dieser diese dieses diesen diesem jener jene jenes jenen jenem derjenige diejenige dasjenige derselbe dieselbe
dasselbe selbst deren dessen denen jeder jede jedes jeden jedem alle allen aller alles allem etwas einige einigen
einiger solche solcher solches solchen beide beiden
"""
_QUESTIONS = """
wer was wen wem wessen wie wo wann warum weshalb wieso wozu woher wohin womit wodurch wofur woran worauf woraus worin
woruber wovon welche welcher welches welchen welchem wieviel wieviele
"""
_PREPOSITIONS = """
in im ins an am ans auf aufs aus bei beim mit nach von vom zu zum zur fur durch um uber unter vor zwischen bis seit
wahrend wegen gegen neben hinter entlang gemass bezuglich hinsichtlich ab je pro per zwecks laut mittels innerhalb
"""
_CONJUNCTIONS = """
und oder aber sondern denn dass weil wenn als ob damit sowie sowohl bzw beziehungsweise da dann also doch falls sofern
soweit obwohl indem noch weder entweder sodass
"""
_VERBS = """
ist sind war bin bist seid gewesen sei seien wird werden wurde wurden worden wurdest geworden hat haben
hatte hatten habe gehabt hattest kann konnen konnte konnten muss mussen musste mussten soll sollen sollte sollten darf
durfen durfte durften will wollen wollte wollten mag mochte mochten gibt
"""
_ADVERBS = """
auch nur so sehr hier dort nun jetzt immer wieder hierzu dazu dabei daran darauf daraus darin daruber davon dafur
dadurch daher hiermit hierbei hiervon etwa eben ganz zwar jedoch jeweils
"""

STOP_WORDS: frozenset[str] = frozenset(
    word
    for kind in (_ARTICLES, _PRONOUNS, _QUESTIONS, _PREPOSITIONS, _CONJUNCTIONS, _VERBS, _ADVERBS)
    for word in kind.split()
)
