//! What Spark is run from.

use super::{Rule, require};

name! {
    /// The container image of the docker driver. Default `apache/spark:4.1.0`.
    ///
    /// Only what a Docker reference is made of (host, port, path, tag, digest), which leaves out white space and the
    /// `${` and `%{` that Nomad would interpolate.
    ImageReference, "an image reference", |text: &str| require(
        text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
            && text.len() <= 1024
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/:@+[]".contains(&byte)),
        "letters, digits and `._-/:@`, such as `apache/spark:4.1.0`",
    )
}

impl Default for ImageReference {
    fn default() -> Self {
        Self("apache/spark:4.1.0".to_owned())
    }
}

name! {
    /// An absolute path on the nodes, such as `SPARK_HOME`.
    ///
    /// Letters, digits and `/ . _ - + @ ~ , =` only. A colon breaks class paths, Nomad interpolates `${`, and Spark
    /// splits options for the JVM at white space and takes quotes out of them, so that a path in them would arrive as
    /// another. A JVM in the C locale, which the tasks of a Nomad agent often have, cannot open a path that is not ASCII.
    NodePath, "a path on the nodes", node_path
}

fn node_path(text: &str) -> Rule {
    require(text.starts_with('/'), "it must be absolute, starting with `/`")?;
    require(text.len() <= 4095, "longer than the 4095 bytes that Linux allows")?;
    require(
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@~,=".contains(&byte)),
        "letters, digits and `/._-+@~,=` only; class paths, Spark's JVM options or Nomad give the rest another meaning",
    )
}
