"""The words of triggers, as pieces of patterns: below, above, falls, rises, the subject, the window."""

# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one

from __future__ import annotations

from agent.parse.normalise import NUM, SYM

BELOW = r"(?:at or below|below|under|beneath|underneath|less than|lower than|<=?|south of)"
ABOVE = r"(?:at or above|above|over|more than|higher than|greater than|>=?|beyond|past|north of|exceeds|exceed|exceeding|tops)"
FALLS = r"(?:drops?|dropped|falls?|fell|dips?|declines?|sinks?|slides?|tumbles?|crashes|crash|plunges?|(?:goes|go|moves?|comes?|is|are|ticks?) down|down|loses?|decreases?|retreats?|pulls? back)"
RISES = r"(?:rises?|rose|gains?|jumps?|climbs?|rally|rallies|surges?|(?:goes|go|moves?|comes?|is|are|ticks?) up|up|increases?|appreciates?|spikes?|pops?|recovers?|advances?|grows?)"
MOVES = r"(?:moves?|changes?|swings?)"
IS = r"(?:is|are|gets?|goes|go|trades?|trading|stays?|remains?|sits?|stands?|moves?|breaks?|dips|comes?|was|be|ever)"
REACHES = r"(?:reaches|reach|hits?|touches|touch|gets? to|gets? back to|is at|are at|trades? at|goes to|go to|gets? down to|gets? up to|at)"
CROSSES = r"(?:crosses|cross|breaks through|crossing)"
OF = rf"(?: (?:of|for|on|in) (?P<of>{SYM}))?"
SUBJECT = (
    rf"(?:(?:the |its |their )?(?:(?:stock|share) )?price(?: of (?P<priced>{SYM}))? |"
    rf"(?P<subject>{SYM})(?: (?:stock|shares?|price|is trading))* |(?:it|they|the stock|the price|that) )?"
)
BY = r"(?: by| at least| more than| over| another| a| about)*"
UNIT = r"(?:days?|d|hours?|h|hr|minutes?|mins?|min|bars?|periods?|weeks?)"
MA = r"(?:simple moving averages?|exponential moving averages?|moving averages?|smas?|emas?|mas?|averages?)"
WINDOW = (
    r"(?P<window> (?:today|on the day|intraday|in (?:a|one) (?:single )?(?:trading )?day|(?:this|in a|in one) week|"
    r"(?:since|from) (?:the |today )?(?:open|close|yesterday|opening|prior close|previous close|last close)(?: close)?|"
    r"(?:from|since) (?:here|now|the current price|this price|its current price|where it is|the price now)(?: on)?|"
    rf"(?:with)?in (?:the )?(?:last |past |span of )?(?:(?P<span>{NUM}) |an? |one |half an )?(?P<unit>{UNIT}|sessions?|trading days?|months?)|"
    rf"over (?:the )?(?:last |past )?(?:(?P<span2>{NUM}) |an? |one )?(?P<unit2>{UNIT}|sessions?|trading days?|months?)))?"
)
DOWN_NOUNS = r"(?:drop|dip|fall|decline|decrease|loss|pullback|correction|sell off|crash|slide)"
UP_NOUNS = r"(?:rise|gain|jump|rally|increase|climb|surge|pop|spike)"
EITHER_NOUNS = r"(?:move|change|swing)"
LEVEL_TAIL = r"(?: or (?:less|lower|below|under|cheaper))"
RSI = (
    rf"(?:(?P<subject>{SYM}) )?(?:(?P<frame>hourly|daily) )?(?:(?P<period>{NUM}) (?:{UNIT} )?)?rsi(?: (?P<period2>{NUM}))?"
    rf"(?: (?:of|for|on) (?P<of>{SYM}))?(?: on the (?P<frame2>hourly|daily)(?: chart)?)?"
)
RSI_VERB = rf"(?: (?P<verb>{FALLS}|{RISES}|{IS}|{CROSSES}|reaches|hits))?"
ON_CHART = r"(?: on the (?:daily|hourly)(?: chart)?)?"
VOLUME_VERB = rf"(?: (?:today|of the day|for the day))?(?: (?:is|gets|goes|rises|reaches|hits|spikes|jumps|climbs|surges|runs)(?: at| to| up to)?)?(?: {ABOVE}| at least)?"
