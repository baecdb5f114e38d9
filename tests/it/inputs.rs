//! The same text counts the same by both ways, as people have it: compressed, with a byte order mark, under names with
//! spaces; what is no text is refused.

use std::fs;
use std::path::Path;
use std::thread;

use serde_json::json;

use crate::support::cluster::{CLUSTER, Cluster, DRIVER, demo};
use crate::support::run::Run;

/// The files of a folder: 800 words, of which 400 are `the`.
fn files(folder: &Path) {
    let text = "the cat the mat\n".repeat(200);
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    fs::create_dir(folder.join("my books")).unwrap();
    write("my books/100%.txt", text.as_bytes());
    write("book", text.as_bytes());
    write("mark.txt", format!("\u{feff}{text}").as_bytes());
    write("log[1].txt", text.as_bytes());
    write("book.zip", format!("PK\x03\x04{text}").as_bytes());
    write("utf16.txt", &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    let script = "gzip -k book && bzip2 -k book && cat book.gz book.gz > twice.gz && cp book.gz no-ending && \
                  gzip -c /usr/bin/env | head -c 9000 > cut.gz";
    Run::program("sh", ["-c", script]).dir(folder).run().ok();
}

fn count(cluster: &Cluster, input: &str) -> Run {
    cluster.nomspark("wordcount").args(["--top", "1", "--input", input])
}

#[test]
fn a_text_counts_the_same_by_both_ways_and_what_is_no_text_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let uri = |name: &str| format!("file://{}", path(name));
    let shared = demo(2 * DRIVER);
    let demo = &shared;

    // Before anything is registered.
    for (name, what) in [("book.zip", "a zip archive"), ("utf16.txt", "UTF-16 without a byte order mark")] {
        count(demo, &path(name)).run().fails(2).says(what);
    }
    let refused = count(demo, &path("book.zip")).run().fails(2).hints("unpack it first");
    refused.says("the input ").shows("is not plain text: it looks like a zip archive");

    // As many at a time as there is room for.
    let right = [
        (path("book.gz"), 400),
        (path("book.bz2"), 400),
        (path("twice.gz"), 800),
        (path("no-ending"), 400),
        (path("mark.txt"), 400),
        (uri("book.gz"), 400),
        (uri("book.bz2"), 400),
        (uri("mark.txt"), 400),
        (uri("my books/100%.txt"), 400),
        (uri("log?1?.txt"), 400),
    ];
    let (first, second) = right.split_at(right.len() / 2);
    thread::scope(|scope| {
        for part in [first, second] {
            scope.spawn(move || {
                for &(ref input, expected) in part {
                    let counted = count(demo, input).run().ok().json();
                    assert_eq!(counted["top"], json!([["the", expected]]), "{input}");
                    assert_eq!(counted["total_words"], json!(expected * 2), "{input}");
                }
            });
        }
    });

    let refused = count(demo, &uri("no-ending")).run().fails(6);
    refused.shows("is compressed (gzip), which Hadoop knows by the ending .gz alone: rename it");
    let refused = count(demo, &path("cut.gz")).run().fails(6);
    refused.shows("the input cannot be decompressed (gzip): Unexpected end of input stream; it may be cut short");
    count(demo, &uri("log[1].txt")).run().fails(6).says("[ ] { } * ? are a pattern");
    count(demo, &uri("book.zip")).run().fails(6).says("it looks like a zip archive");
    count(demo, "gs://bucket/books").run().fails(6).says("Hadoop's connector for gs://").hints("gcs-connector");
    let away = count(demo, "hdfs://namenode.invalid:8020/books").run().fails(6);
    away.says("cannot be read: ").says("UnknownHostException: namenode.invalid");
    count(demo, "s3a://bucket/books").run().fails(6).says("org.apache.hadoop.fs.s3a.S3AFileSystem").hints("hadoop-aws");
}

#[test]
fn what_the_node_s_spark_defaults_say_is_honoured() {
    let folder = tempfile::tempdir().unwrap();
    let (spark, events) = (folder.path().join("spark"), folder.path().join("events"));
    let home = std::env::var("SPARK_HOME").unwrap();
    Run::program("cp", ["-as", &home]).arg(&spark).run().ok();
    fs::create_dir_all(spark.join("conf")).unwrap();
    fs::create_dir(&events).unwrap();
    let defaults = format!("spark.eventLog.enabled true\nspark.eventLog.dir file://{}", events.to_str().unwrap());
    fs::write(spark.join("conf/spark-defaults.conf"), defaults).unwrap();

    let cluster = Cluster::named("defaults", CLUSTER + DRIVER);
    cluster.nomspark("deploy").args(["--driver", "raw_exec", "--spark-home"]).arg(&spark).run().ok();
    let input = folder.path().join("input.txt");
    fs::write(&input, "a b a\n").unwrap();
    let counted = cluster.nomspark("wordcount").arg("--input").arg(&input).run().ok().json();
    assert_eq!(counted["total_words"], json!(3));
    assert!(fs::read_dir(&events).unwrap().count() > 0, "an event log is there");
}
