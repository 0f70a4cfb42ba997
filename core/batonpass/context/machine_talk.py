"""What people write who speak to a machine instead of a person, in the languages that it understands.

Every pattern stands beside strings of which a text that it finds has at least one: an ordinary message has none of
nearly all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from batonpass.context.cues import Cues

_RULES = (
    r"(?:instruct\w*|instrucci\w*|instru\u00e7\w*|istruzion\w*|anweisung\w*|vorgabe\w*|instructies?|prompts?|rules?|regeln?|r\u00e8gles?|reglas?|regras?|regole"
    r"|guard ?rails?|guidelines?|directions|protocols?|restrictions|constraints|limitations|directives?|direktiv\w*|consignes?|commands?|befehl\w*|[o\u00f3]rdenes|context|kontext|policies|policy|programming|training|polece\u0144|instrukcj\w*|talimat\w*)"
)
_RULE_WORDS = (
    "instru|istruzion|anweisung|vorgabe|prompt|rule|regel|r\u00e8gle|regla|regra|regole|guardrail|guard rail|guideline|directions|protocol|restriction|constraint|limitation|directive|direktiv|consigne|command"
    "|befehl|\u00f3rdenes|ordenes|context|kontext|policies|policy|programming|training|polece|talimat"
)
"""What every one of `_RULES` begins with."""
_EARLIER = (
    r"(?:previous|prior|above|earlier|preceding|former|foregoing|initial|original|all|any|your|these|those|system|vorherig\w*|vorig\w*|bisherig\w*|fr\u00fcher\w*|obig\w*|alle\w*|deine?n?|pr\u00e9c\u00e9dent\w*|ant\u00e9rieur\w*"
    r"|anteriores?|previas?|todas?|suas?|precedenti|tutte|vorige|eerdere|alle|poprzednie|wszystkie|\u00f6nceki|t\u00fcm|last|safety|security|content|vos|tes|votre|tus|sus|ihre?|le tue|company|prompt|system's)"
)
_PUT_ASIDE = (
    r"(?:ignor\w*|disregard\w*|forget\w*|overrid\w*|overlook\w*|dismiss\w*|abandon|abort|revoke|nullify|replace|bypass\w*|by-?pass|neglect|skip|discard|drop|delete|erase|cancel|suspend|set aside|put aside|vergiss|vergessen\w*|missachte\w*|beachte\w* nicht|[u\u00fc]berspring\w*|oublie\w*"
    r"|olvid\w*|omit\w*|desconsider\w*|esque\u00e7\w*|dimentica\w*|trascura\w*|negeer|vergeet|zignoruj|zapomnij|unut|yok say|never ?mind|caso omiso(?: de)?|laisse\w* tomber|do not follow|don't follow|stop following|no longer follow|pay no attention to)"
)
_PATTERNS = tuple(
    Cues(pattern, needles, re.MULTILINE)
    for pattern, needles in (
        (rf"\b{_PUT_ASIDE}\b(?:\W+\w+){{0,4}}?\W+{_EARLIER}\b(?:\W+\w+){{0,4}}?\W+{_RULES}\b", _RULE_WORDS),
        (rf"\b{_PUT_ASIDE}\b(?:\W+(?:the|all|toutes|tous|todas|todos|tutte|suas|tus|sus|vos|tes|las|les|los|le|as|die|de|alle)){{0,3}}\W+{_RULES}\b(?:\W+\w+){{0,3}}?\W+(?:above|before|previous\w*|earlier|anteriores|pr\u00e9c\u00e9dent\w*|ant\u00e9rieur\w*|previas|precedenti|given|received|oben|davor|ci-dessus|you (?:were|have been) (?:given|told|trained)|you have|you follow)\b", _RULE_WORDS),
        (r"\b(?:forget|disregard|ignore) (?:absolutely )?everything (?:above|before|you|that|i|we|prior|in your|and)\b|\bvergiss alles\b|\boublie tout\b|\bolvida todo\b|\bdimentica tutto\b|\besque\u00e7a tudo\b", "everything|vergiss alles|oublie tout|olvida todo|dimentica tutto|a tudo"),
        (r"(?:\u5ffd\u7565|\u65e0\u89c6|\u7121\u8996|\u5ffd\u7565\u6389).{0,12}(?:\u6307\u4ee4|\u6307\u793a|\u63d0\u793a|\u89c4\u5219)|(?:\u4ee5\u524d|\u3053\u308c\u307e\u3067|\u4e0a\u8a18|\u524d).{0,8}(?:\u6307\u793a|\u547d\u4ee4|\u30d7\u30ed\u30f3\u30d7\u30c8).{0,8}\u7121\u8996|\uc774\uc804.{0,10}(?:\uc9c0\uc2dc|\uba85\ub839).{0,10}\ubb34\uc2dc", "\u5ffd\u7565|\u65e0\u89c6|\u7121\u8996|\ubb34\uc2dc"),
        (r"(?:\u0438\u0433\u043d\u043e\u0440\u0438\u0440\w*|\u0437\u0430\u0431\u0443\u0434\u044c\w*|\u0456\u0433\u043d\u043e\u0440\w*)(?:\W+\w+){0,3}?\W+(?:\u0438\u043d\u0441\u0442\u0440\u0443\u043a\w*|\u043f\u0440\u0430\u0432\u0438\u043b\w*|\u0443\u043a\u0430\u0437\u0430\u043d\w*|\u0456\u043d\u0441\u0442\u0440\u0443\u043a\w*)", "\u0438\u0433\u043d\u043e\u0440\u0438\u0440|\u0437\u0430\u0431\u0443\u0434\u044c|\u0456\u0433\u043d\u043e\u0440"),
        (r"\u062a\u062c\u0627\u0647\u0644.{0,20}(?:\u062a\u0639\u0644\u064a\u0645\u0627\u062a|\u0627\u0644\u0623\u0648\u0627\u0645\u0631)|(?:\u092a\u093f\u091b\u0932\u0947|\u092a\u0942\u0930\u094d\u0935).{0,15}\u0928\u093f\u0930\u094d\u0926\u0947\u0936", "\u062a\u062c\u0627\u0647\u0644|\u0928\u093f\u0930\u094d\u0926\u0947\u0936"),
        (r"```[ \t]*(?:system|instructions?|prompt)\b|\b(?:translate|rewrite|summari[sz]e|repeat) the (?:above |previous |system )?prompt\b|<\|?/?(?:im_start|im_end|system|endoftext|eot_id|start_header_id|begin_of_text)\|?>|\[/?inst\]|<<sys>>|\[system\]|</?(?:system|assistant|instructions?|tool_call|function_calls?|prompt)[ >]", "```|prompt|<|[inst|[/inst|[system"),
        (r"^[ \t>*#_-]{0,6}(?:system|developer|admin)(?: (?:prompt|message|override|note|notice|alert|instruction|update|log))?[*_]{0,2}[ \t]?:(?=.{0,120}\b(?:you|your|customer|user|approv\w*|ignor\w*|refund\w*|instruct\w*|overrid\w*|verif\w*|assistant|must|always|never|polic\w+|respond|grant\w*|close|passed|mode)\b)", "system|developer|admin"),
        (r"^[ \t>*#_-]{0,6}(?:assistant|ai|model)[*_]{0,2}[ \t]?:(?=.{0,120}\b(?:(?:have|has|was|been|is) (?:\w+ )?(?:refunded|approved|granted|issued|credited|verified|authori[sz]ed)|ignor\w*|overrid\w*|refunded)\b)", "refunded|approved|granted|issued|credited|verified|authori|ignor|overrid"),
        (r"[\"']role[\"']\s?:\s?[\"'](?:system|assistant|tool|developer)[\"']|^[ \t>*#_-]{0,6}(?:tool|function)[ _]?(?:results?|outputs?|calls?|response)[ \t]?:", "role\"|role'|tool|function"),
        (r"\b(?:begin|start of|end of) (?:new |the |a |system |user |hidden )?(?:prompt|instructions?|system message|context)\b|\b(?:transcript|conversation|user input|quoted text|customer message) (?:ends?|stops?|is over)(?: here)?\b(?=[\s\S]{0,80}\b(?:now|new|write|answer|respond|instructions?|system|you)\b)", "prompt|instruction|system message|context| end| stop| is over"),
        (rf"\b(?:all|any|prior|previous|earlier|your|these|existing|other)\b(?:\W+\w+){{0,2}}?\W+{_RULES}\b(?:\W+\w+){{0,3}}?\W+(?:void|null|cancel\w*|supersed\w*|obsolete|suspended|overrid\w*|lifted|disabled|inactive|no longer (?:apply|valid|active|in force))\b", _RULE_WORDS),
        (r"\b(?:ignor\w*|disregard|forget|vergiss|oublie\w*|olvida|dimentica)\W+(?:alles?|everything|all|what(?:ever)?|anything|tout|todo|tutto)\b(?!\W+(?:that |of )?(?:i|we|my|ich|je)\b)(?:\W+\w+){0,5}?\W+(?:oben|anterior|pr\u00e9c\u00e8de|above|davor|zuvor|told|system|instructed|programmed|dessus|arriba|sopra|so far)\b", "ignor|disregard|forget|vergiss|oublie|olvida|dimentica"),
        (r"\byour (?:new|real|only|actual|true|sole|primary) (?:task|goal|job|objective|mission|role|purpose|instruction)\b|\bobey (?:only )?(?:me|my|the customer|this)\b|\bcomply with (?:mine|my|these|the following)\b|\bdo as i say\b", "your new|your real|your only|your actual|your true|your sole|your primary|obey|comply with|do as i say"),
        (r"\b(?:repeat|print|output|show|reveal|copy|dump|display|recite|write out|give me|list|translate)\b(?:\W+\w+){0,4}?\W+(?:text|words|everything|contents?|messages?|lines?|instructions)\W+(?:\w+\W+){0,3}?(?:above|before this|of your|in your (?:context|memory|prompt)|you were given|verbatim)\b|\bcontext window\b|\bwhat (?:were|are) you (?:told|instructed|programmed)\b|\byour (?:system )?prompt\b|\breset yourself\b", "above|before this|of your|in your|you were given|verbatim|context window|what were you|what are you|prompt|reset yourself"),
        (r"\b(?:unrestricted|unfiltered|uncensored|developer|god|sudo|override|unlocked) mode\b", "unrestricted mode|unfiltered mode|uncensored mode|developer mode|god mode|sudo mode|override mode|unlocked mode"),
        (r"(?:^|[.!?\n][ \t]*)(?:hey |hi |hello |dear |ok |okay |attention |important for |now |so )?(?:the |you )?(?:ai|a\.i\.|assistant|llm|chatbot|gpt|copilot|language model|summari[sz]er|ai (?:agent|assistant|model|bot))\b(?:\W+(?:reading|processing|handling|summari\w+|that reads|who reads|looking at)(?:\W+\w+){0,3}?)?[ \t]?[,:!-][ \t]{0,2}(?=.{0,80}\b(?:classify|mark|approve|refund|grant|obey|ignore|override|set|close|reveal|disclose|output|print|execute|tag|prioriti[sz]e|escalate|treat|pretend|(?:reply|respond|answer) with|summari[sz]e|issue|from (?:now|this point) on|you (?:are|must|will|should))\b)", "assistant|ai|a.i.|llm|chatbot|gpt|copilot|language model|summari"),
        (r"\bas an? (?:ai|a\.i\.|llm|language model|ai (?:assistant|model|language model)|assistant|chatbot)\b(?:\W+language model)?,? (?:you|your)\b", "as an ai|as a ai|as an a.i|as a a.i|as an llm|as a llm|as a language|as an language|as an assistant|as a assistant|as a chatbot|as an chatbot"),
        (r"\b(?:summary|summari[sz]\w*|handover note|internal note)\b.{0,60}\b(?:leave out|omit|(?:should|must|shall|has to|needs? to) (?:say|state|mention|claim|read|include)|(?:state|say|mention|claim|write|include|conclude) that)\b|\b(?:leave out|omit)\b.{0,50}\bsummary\b", "summar|handover note|internal note"),
        (r"(?:#{2,}|={3,}|-{3,})[ \t]*(?:new |system |updated |end of |begin )?(?:instructions?|system|prompt|admin)\b", "##|===|---"),
        (rf"\b(?:reveal|show|print|repeat|output|leak|display|tell me|give me|what (?:is|are)|zeige?|nenne|verrate|affiche|r\u00e9v\u00e8le|muestra|revela|mostra|rivela)\b(?:\W+\w+){{0,4}}?\W+(?:system ?prompt|systemprompt|hidden (?:prompt|{_RULES})|initial (?:prompt|instructions?)|prompt (?:syst\u00e8me|del sistema|do sistema|di sistema)|your (?:prompt|{_RULES}))\b", _RULE_WORDS),
        (r"\bsystem ?prompt\b|\bprompt injection\b|\bjailb?reak|\bdeveloper mode\b|\bdo anything now\b|\bdan mode\b|\bgod mode\b|\bsudo mode\b|\badmin(?:istrator)? (?:override|mode enabled)\b|\bdebug mode\b(?=.{0,40}\b(?:enabled?|on|enter)\b)", "system prompt|systemprompt|prompt injection|jailb|jailreak|developer mode|anything now|dan mode|god mode|sudo mode|admin|debug mode"),
        (r"\byou(?: are|['\u2019]re) (?:now |no longer |an? )(?:\w+ ){0,3}?(?:uncensored|unrestricted|unfiltered|jailbroken)\b|\byou (?:have been|were) (?:reprogrammed|reconfigured|reset|hacked|updated to)\b|\bforget (?:that )?you(?: are|['\u2019]re) (?:an? )?(?:\w+ )?(?:ai|bot|assistant|agent|support bot|chatbot)\b|\byou(?: are|['\u2019]re) (?:now|no longer)\b(?:\W+\w+){0,4}?\W+(?:ai|assistant|bot|chatbot|model|dan|admin\w*|root|system|unrestricted|unfiltered|restricted|bound|free from|developer|evil|jailbroken)\b", "you are n|you're n|you\u2019re n|uncensored|unrestricted|unfiltered|jailbroken|reprogrammed|reconfigured|you have been|you were|forget"),
        (r"\b(?:du bist jetzt|ab jetzt bist du|tu es maintenant|ahora eres|a partir de ahora eres|ora sei|agora voc\u00ea \u00e9|je bent nu)\b(?:\W+\w+){0,4}?\W+(?:ki|ai|ia|assistent\w*|assistant\w*|asistente|assistente|bot|modell?\w*|admin\w*|dan|\w*administrat\w*)\b", "bist|tu es|eres|ora sei|agora|je bent"),
        (r"\b(?:act as|pretend (?:to be|you are|that you)|role-?play as|behave as|simulate|respond as)\b(?:\W+\w+){0,3}?\W+(?:ai|assistant|bot|chatbot|model|dan|admin\w*|root|system|unrestricted|developer|terminal|shell|manager with)\b", "act as|pretend|roleplay as|role-play as|behave as|simulate|respond as"),
        (r"\b(?:dear |attention,? |hey |hello |note to (?:the |any )?|instructions? (?:to|for) (?:the |any )?|(?:hidden |secret |private |important )?(?:note|message|word|request) (?:to|for) (?:the |any |all )?|if you are an? |to (?:the|any) )(?:ai|a\.i\.|llm|language model|large language model|chatbot|gpt|copilot|ai (?:assistants?|agents?|models?|summari[sz]ers?|readers?)|automated (?:assistant|agent|system))\b(?=.{0,120}\b(?:must|should|you|please|set|mark|reply|respond|send|include|approve|refund|grant|do not|don't|never|always|ignore|summari[sz]e|close|say|add|skip|treat|read|reading|rank|rate|classify|prioriti[sz]e|mention|tag|give)\b)", " ai| a.i.| llm| language model| large language| chatbot| gpt| copilot| automated"),
        (r"\b(?:when|while|before|after) (?:summari[sz]ing|processing|reading|analy[sz]ing|translating) this (?:ticket|message|text|conversation|email|chat|transcript)\b", "ing this"),
        (r"\b(?:new|updated|real|actual|true|secret|hidden|following|system|neue|nouvelles?|nuevas?|novas?|nuove) (?:system )?(?:instructions?|prompts?|anweisung\w*|instrucciones|instru\u00e7\u00f5es|istruzioni|directives?)[ \t]*(?::|\bfor the (?:ai|assistant|bot|model|system)\b|\bare\b|\bfollow)", "instru|prompt|anweisung|istruzioni|directive"),
        (r"\b(?:from now on|henceforth|ab sofort|desde ahora|d\u00e9sormais|d'ora in poi)\b(?:\W+\w+){0,4}?\W+(?:you (?:will|must|are|only|should|have)|respond|reply|answer|antworte|r\u00e9ponds|responde|rispondi)\b(?=.{0,80}\b(?:only|always|never|without|as|any|every|nur|immer|ohne|toujours|sans|siempre|sin|sempre|senza|restrict\w*|rules?|obey)\b)", "from now on|henceforth|ab sofort|desde ahora|d\u00e9sormais|d'ora in poi"),
        (r"\b(?:without|bypass\w*|disable|turn off|remove|ohne|sans|sin)\b(?:\W+\w+){0,3}?\W+(?:the filters|all filters|safety (?:filters?|checks?|measures)|content (?:filters?|policy)|guard ?rails?|your (?:restrictions|limitations|filters?|safety\w*)|moderation)\b", "filter|safety|content policy|guardrail|guard rail|restrictions|limitations|moderation"),
        ((r"\b(?:call|invoke|execute|trigger)\b(?:\W+the)?\W+(?:\w+\W+)?(?:tool|function|command|plugin)\b(?=.{0,60}\b(?:refund|delete|export|transfer|grant|admin|send|with (?:the )?(?:argument|parameter))\w*)"
        r"|\buse the (?:tool|function|api|plugin) to (?:export|delete|refund|grant|send|transfer)\b|\b(?:function|tool) (?:delete|refund|export|grant|transfer)\w*"), "tool|function|command|plugin|the api"),
        (r"\b(?:(?:append|include|embed|insert|add|put|send|post|forward|exfiltrate|encode)\b(?:\W+\w+){0,8}?\W+(?:conversation|customer (?:data|list|details)|chat history|api keys?|credentials|personal data|database|transcript|all (?:e-?mails|tickets|customers)|session)\b.{0,60}(?:https?://|\bto \S+@|webhook|!\[|\burl\b))|!\[[^\]]{0,40}\]\(https?://[^)]{0,200}(?:\{|data=|q=|\?)", "conversation|customer data|customer list|customer details|chat history|api key|credentials|personal data|database|transcript|all email|all e-mail|all tickets|all customers|session|!["),
        ((r"\bthe (?:assistant|ai|bot|model) (?:must|has to|shall|is required to|is authori[sz]ed to) (?:now |immediately |always )?(?:approve|refund|grant|issue|obey|comply|ignore|bypass|mark|set|close|upgrade|transfer|reveal|disclose|credit)\b"
        r"|\byou (?:are (?:authori[sz]ed|required) to|must) (?:now |immediately |always )?(?:obey|comply with|ignore|bypass|reveal|disclose|override)\b"), "the assistant |the ai |the bot |the model |authori|required to|you must"),
        (r"\b(?:ai|assistant|bot|llm|model)[ \t]?[:,-][ \t]{0,2}(?:please )?(?:ignore|approve|refund|issue|mark|set|grant|reveal|close|send|respond|do not|override|summari[sz]e)\b", "ai:|ai,|ai-|ai |ai\t|assistant|bot|llm|model"),
        (r"\b(?:this is|i am|i'm|message from|ich bin|je suis|soy) (?:a |an |the |your |der |dein |ton |tu )?(?:system administrator|openai|anthropic|developers?|creator|programmer|root|entwickler|d\u00e9veloppeur|desarrollador|prompt engineer)\b(?=.{0,100}\b(?:you|override|ignore|instruct\w*|must|new|allow\w*|disable|unlock|reveal|debug|dir|dich|te|vous|gib|zeig)\b)", "system administrator|openai|anthropic|developer|creator|programmer|root|entwickler|d\u00e9veloppeur|desarrollador|prompt engineer"),
        (r"\bend of (?:the )?(?:conversation|transcript|customer message|user input|document|quote)\b.{0,40}\b(?:system|assistant|new|now|instructions?|begin)\b", "end of"),
        (r"\b(?:set|change|mark|update)\b(?:\W+\w+){0,3}?\W+(?:priority|status|ticket|tag|field)\b(?:\W+\w+){0,6}?\W+(?:and|then)\b(?:\W+\w+){0,3}?\W+(?:approve|refund|grant|credit|ignore|do not (?:tell|mention|notify)|hide)\b", "priority|status|ticket|tag|field"),
        (r"\bdo not (?:tell|inform|mention|reveal|alert|notify)\b(?:\W+\w+){0,5}?\W+(?:human|user|agent|reader|these instructions|this (?:instruction|message)|operator|supervisor)\b", "do not tell|do not inform|do not mention|do not reveal|do not alert|do not notify"),
        (r"\b(?:respond|reply|answer|output|say) (?:only |exactly |just )?(?:with|as)\b.{0,40}\b(?:approved|access granted|confirmed|pwned|hacked|verbatim|json|base64|i have been)\b", "approved|access granted|confirmed|pwned|hacked|verbatim|json|base64|i have been"),
    )
)  # fmt: skip
_BY_NEEDLE = tuple(
    (needle, tuple(cues.pattern for cues in _PATTERNS if needle in cues.needles))
    for needle in sorted({needle for cues in _PATTERNS for needle in cues.needles})
)
"""Each string once, with the patterns that it may lead to."""
STEMS = (
    "ignor", "disregard", "forget", "overrid", "bypass", "prompt", "instruct", "instruc", "instru\u00e7", "istruzion", "anweisung", "system", "<|", "[inst", "you are n",
    "act as", "pretend", "simulate", "role", "behave", "respond", "jailbr", "developer", " mode", "anything now", "from now on", "henceforth", "assistant", " ai", "ai:", "llm", "language model", "gpt",
    "chatbot", "summari", "this ticket", "this message", "this conversation", "do not tell", "do not mention", "authori", "must", "https://", "webhook", "tool", "function", "guardrail", "guard rail", "filter",
    "vergiss", "oublie", "olvid", "dimentica", "esque\u00e7", "negeer", "vergeet", "zignoruj", "zapomnij", "unut", "bist du", "du bist", "tu es", "ahora", "ora sei", "agora", "ab sofort", "d\u00e9sormais", "###", "===", "---",
    "overlook", "protocol", "directions", "reprogram", "uncensored", "unrestricted", "```", "hidden", "secret", "restriction", "you're", "void", "comply", "obey", "your new", "your real", "your only", "your actual", "repeat", "context window", "reset yourself", 'role"', "tool", "begin new", "ends here", "as an ", "summary", "directive", "directiv", "omiso", "never mind", "nevermind", "do as i", "verbatim", "alles", "tout", "todo", "tutto", "above", "following", "skip", "context", "guideline", "sys>", "required to", "the api", "history", "reply", "answer with", "output", "oubli", "regla", "\u5ffd\u7565", "\u65e0\u89c6", "\u7121\u8996", "\ubb34\uc2dc", "\u0438\u0433\u043d\u043e\u0440", "\u0437\u0430\u0431\u0443\u0434", "\u062a\u062c\u0627\u0647\u0644", "\u0928\u093f\u0930\u094d\u0926", "administrat", "end of", "priority", "do not", "safety", "missacht", "desconsider",
)  # fmt: skip


# Looser signs, of which several must meet in one sentence.
_OVERRIDES = re.compile(
    rf"(?<!\bi )(?<!\bwe )(?:\b{_PUT_ASIDE}\b|\bstop (?:being|acting)\b|\b(?:act|go|work|operate|step) (?:outside|beyond|against)\b|\binstead of\b|\bbefolg\w*|\bobey\w*|\bfollow only\b)"
)
_RULE = Cues(rf"\b{_RULES}\b|system_?prompt", _RULE_WORDS)
_WHOSE = re.compile(
    r"\b(?:your|you were|you have|you had|previous|prior|earlier|above|developers?|programmers?|del sistema|du syst\u00e8me|told you|gave you|given to you|programmed|dein\w*|eure|bisherig\w*|vos|tes|tus|te (?:dieron|han dado)|anteriores|nur meine|only mine|only my)\b"
)
_VOID = re.compile(
    r"\b(?:void|invalid|obsolete|cancel+ed|revoked|a test|a joke|not real|ung\u00fcltig|aufgehoben|caduc\w*|nul+s?|no longer|gelten nicht)\b|\breal (?:ones|instructions?)\b"
)
_MACHINE = Cues(
    r"\b(?:an? |the |any |to |bot|hey |dear )?(?:ai|llm|language model|chatbot|gpt|copilot|summari[sz]er|ai \w+)\b|\b(?:to|for) (?:the )?(?:model|bot|assistant)\b|[,:] (?:bot|assistant|ai)\b|\bbeing an? (?:assistant|bot|ai)\b",
    "ai|llm|language model|chatbot|gpt|copilot|summari|model|bot|assistant",
)
_ORDERED = re.compile(
    r"\b(?:must|approve|grant|output|reveal\w*|disclose|print|reply with|respond with|escalate|obey|rate|classify|mark|leak|copy|dump|show|say that|issue|unlock|close)\b"
)
_THIS = re.compile(
    r"\bthis (?:ticket|message|text|chat|conversation|e-?mail)\b|\b(?:reads?|reading|processes|sees) this\b|\b(?:ai|llm|gpt|model|bot|assistant|summari[sz]er|copilot)(?: \w+)?[:,]"
)
_TELLS = re.compile(
    r"\b(?:copy|dump|paste|print|output|reveal|leak|disclose|recite|show me)\b[^.?!]{0,30}\b(?:your|you were)\b|\bprint ?\("
)
_ONLY_WITH = Cues(r"\b(?:reply|respond|answer)\b[^.?!]{0,30}\bonly with\b", "only with")
_SENTENCE = re.compile(r"[^.?!\n]{12,400}")


def _adds_up(sentence: str) -> bool:
    rule = _RULE.search(sentence)
    if (
        rule
        and _WHOSE.search(sentence)
        and any(sign.search(sentence) for sign in (_VOID, _TELLS, _OVERRIDES))
    ):
        return True
    if not (machine := _MACHINE.search(sentence)):
        return bool(_ONLY_WITH.search(sentence)) or bool(
            "system_prompt" in sentence and _TELLS.search(sentence)
        )
    if rule and _OVERRIDES.search(sentence):
        return True
    return bool(_ORDERED.search(sentence, machine.end()) and _THIS.search(sentence))


def speaks_to_machine(text: str, stems: Sequence[str] = STEMS) -> bool:
    """Whether the text, in lower case, speaks to a machine; `stems` are those of `STEMS` that it may hold."""
    for stem in stems:
        if stem in text:
            return any(pattern.search(text) for pattern in _that_may_find(text)) or any(
                _adds_up(found[0]) for found in _sentences_that_may(text)
            )
    return False


def _that_may_find(text: str) -> set[re.Pattern[str]]:
    return {pattern for needle, patterns in _BY_NEEDLE if needle in text for pattern in patterns}


def _sentences_that_may(text: str) -> Iterator[re.Match[str]]:
    """None where nothing in the text is among the looser signs."""
    if any(sign.may_be_in(text) for sign in (_RULE, _MACHINE, _ONLY_WITH)):
        yield from _SENTENCE.finditer(text)
