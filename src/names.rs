//! Names: what is written into a job file, a Consul catalog or a command line, parsed once and valid for ever.
//!
//! Each type documents the rule that it keeps and where the rule comes from. Apart from the values of Spark properties,
//! whose text is the user's own, none can hold what Nomad would interpolate where it is written.

/// Text that does not keep the rule of the type it was parsed into.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not {what}: {rule}", shown(text))]
pub struct NameError {
    text: String,
    what: &'static str,
    rule: &'static str,
}

/// The text as one short line: control characters escaped, the end of a long one left out.
fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Makes a type out of text that keeps a rule: `fn(&str) -> Result<(), &'static str>`, the error being the rule.
macro_rules! name {
    ($(#[$documentation:meta])* $name:ident, $what:literal, $rule:expr) => {
        $(#[$documentation])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::names::NameError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match $rule(text) {
                    Ok(()) => Ok(Self(text.to_owned())),
                    Err(rule) => Err($crate::names::NameError { text: text.to_owned(), what: $what, rule }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

mod cluster;
mod conf;
mod floating;
mod place;
mod runtime;

pub use cluster::{ClusterName, RunId};
pub use conf::{ConfKey, ConfValue};
pub use floating::FloatingAddress;
pub use place::{Datacenter, InterfaceName, NodeName, NodePool, ServerAddress};
pub use runtime::{ImageReference, NodePath};

type Rule = Result<(), &'static str>;

fn require(kept: bool, rule: &'static str) -> Rule {
    if kept { Ok(()) } else { Err(rule) }
}

#[cfg(test)]
mod tests;
