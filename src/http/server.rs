//! What kind of server answers, and what its words mean.

/// A kind of server: its name, its variables, and its own words in answers that are errors.
#[derive(Debug)]
pub struct Server {
    /// Its name in messages.
    pub name: &'static str,
    /// The variable that sets the token; empty where none does.
    pub token_variable: &'static str,
    /// The header that carries the token.
    pub token_header: &'static str,
    /// What to do where it does not answer; empty where nothing is known.
    pub unreachable_hint: &'static str,
    /// What to do where it allows no more connections; empty where nothing is known.
    pub crowded_hint: &'static str,
    /// Words that refuse a token, in an answer of any status.
    pub refusals: &'static [&'static str],
    /// Words with which it answers 500 to what will never work.
    pub finals: &'static [&'static str],
    /// Words of an answer, and what to do about it.
    pub hints: &'static [(&'static str, &'static str)],
    /// The capability that a request needs, by words of its method and path; the first that fits counts.
    pub capabilities: &'static [(&'static str, &'static str)],
}

impl Server {
    /// A server without tokens and variables, such as a web UI of Spark's.
    #[must_use]
    pub const fn open(name: &'static str) -> Self {
        Self {
            name,
            token_variable: "",
            token_header: "",
            unreachable_hint: "",
            crowded_hint: "",
            refusals: &[],
            finals: &[],
            hints: &[],
            capabilities: &[],
        }
    }

    /// Whether its words refuse a token.
    pub(super) fn refuses(&self, body: &str) -> bool {
        self.refusals.iter().any(|words| body.contains(words))
    }

    /// Whether its words say that trying again is useless.
    pub(super) fn is_final(&self, body: &str) -> bool {
        self.finals.iter().any(|words| body.contains(words))
    }

    /// What to do about an answer.
    pub(super) fn hint(&self, body: &str) -> Option<&'static str> {
        self.hints.iter().find(|(words, _)| body.contains(words)).map(|(_, hint)| *hint)
    }

    /// The capability that a request needs.
    pub(super) fn capability(&self, request: &str) -> Option<&'static str> {
        self.capabilities.iter().find(|(words, _)| request.contains(words)).map(|(_, capability)| *capability)
    }
}
