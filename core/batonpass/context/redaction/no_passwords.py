"""What follows "my password is" or "Password:" in ordinary sentences and is no password."""

from __future__ import annotations

NO_PASSWORDS = frozenset(
    {
        "not", "wrong", "incorrect", "invalid", "expired", "being", "correct", "the", "a", "an", "too",
        "still", "no", "never", "now", "working", "required", "needed", "reset", "resetting", "changed",
        "changing", "change", "lost", "forgotten", "forgot", "weak", "strong", "secure", "safe",
        "protected", "missing", "blank", "empty", "same", "different", "new", "old", "must", "should",
        "can", "cannot", "can't", "could", "will", "would", "has", "have", "had", "does", "did", "do",
        "was", "is", "are", "been", "to", "in", "on", "at", "of", "for", "from", "with", "and", "or",
        "but", "please", "what", "which", "that", "this", "it", "my", "your", "our", "their", "his",
        "her", "its", "one", "because", "since", "so", "if", "when", "where", "why", "how", "i", "you",
        "we", "they", "he", "she", "field", "fields", "reset-link", "link", "email", "e-mail", "page",
        "form", "screen", "button", "box", "required.", "accepted", "rejected", "refused", "denied",
        "locked", "stored", "saved", "hidden", "masked", "shown", "visible", "case-sensitive", "again",
        "sent", "sending", "set", "setup", "valid", "ok", "okay", "fine", "good", "bad", "right",
        "impossible", "unable", "failed", "failing", "fails", "broken", "unknown", "undefined", "null",
        "none", "n/a", "na", "tbd", "yes", "case", "very", "really", "also", "only", "already",
        "always", "just", "somehow", "apparently", "definitely", "probably", "supposed", "about", "all",
        "any", "both", "coming", "compromised", "confirmed", "created", "entered", "exposed", "easy",
        "hard", "hacked", "known", "leaked", "less", "long", "longer", "matching", "more", "mine",
        "obviously", "out", "over", "recognised", "recognized", "remembered", "removed", "short",
        "stolen", "there", "unchanged", "under", "up", "updated", "used", "via", "waiting", "x", "xxx",
        "xxxx", "xxxxx", "try", "enter", "use", "click", "go", "see", "check", "contact", "minimum",
        "maximum", "at-least", "length", "policy", "requirements", "rules", "manager", "reminder",
        "recovery", "nicht", "falsch", "ung\u00fcltig", "abgelaufen", "vergessen", "korrekt", "richtig",
        "zur\u00fcckgesetzt", "ge\u00e4ndert", "gesperrt", "zu", "leer", "das", "der", "die", "ein",
        "eine", "nur", "noch", "nie", "immer", "bekannt", "weg", "sicher", "unsicher", "erforderlich",
        "ich", "mein", "meine", "bitte", "auch", "pas", "incorrecte", "invalide", "expir\u00e9",
        "oubli\u00e9", "perdu", "le", "la", "les", "un", "une", "mon", "ma", "mes", "bon", "bonne",
        "correcte", "erron\u00e9", "trop", "toujours", "incorrecta", "incorrecto", "v\u00e1lida",
        "inv\u00e1lida", "inv\u00e1lido", "olvidada", "caducada", "correcta", "muy", "demasiado", "el",
        "mi", "por", "para", "que", "errata", "sbagliata", "scaduta", "dimenticata", "corretta", "non",
        "incorreta", "expirada", "errada", "est\u00e1", "n\u00e3o", "niet", "verlopen", "vergeten",
        "onjuist", "fout", "\u043d\u0435", "\u043d\u0435\u0432\u0435\u0440\u043d\u044b\u0439",
    }
)  # fmt: skip
