//! What a file is, by its first bytes: words are counted in text alone, and the bytes of anything else would count as words.
//!
//! gzip and bzip2 pass: the driver decompresses them. It looks at what comes out in the same way (InputFormat.java).

use std::path::Path;

/// How many of the first bytes tell: a tar archive has its name behind 257 of them.
pub(super) const HEAD: u64 = 512;

/// Bytes at an offset that begin a format, the format, and what to do about it.
const SIGNATURES: &[(usize, &[u8], &str, &str)] = &[
    (0, b"PK\x03\x04", "a zip archive", UNPACK),
    (0, b"PK\x05\x06", "a zip archive", UNPACK),
    (257, b"ustar", "a tar archive", UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (0, b"\xfd7zXZ\x00", "xz", DECOMPRESS),
    (0, b"\x28\xb5\x2f\xfd", "Zstandard (zstd)", DECOMPRESS),
    (0, b"\x04\x22\x4d\x18", "LZ4", DECOMPRESS),
    (0, b"\xff\x06\x00\x00sNaPpY", "Snappy", DECOMPRESS),
    (0, b"\x89LZO\x00", "LZO", DECOMPRESS),
    (0, b"LZIP\x01", "lzip", DECOMPRESS),
    (0, b"\x5d\x00\x00", "LZMA", DECOMPRESS),
    (0, b"\x1f\x9d", "compress (.Z)", DECOMPRESS),
    (0, b"PAR1\x15", "Parquet", EXPORT),
    (0, b"Obj\x01", "Avro", EXPORT),
    (0, b"SEQ\x06", "a Hadoop SequenceFile", EXPORT),
    (0, b"%PDF-", "PDF", EXPORT),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of Microsoft Office", EXPORT),
    (0, b"\x89PNG", "an image (PNG)", EXPORT),
    (0, b"\xff\xd8\xff", "an image (JPEG)", EXPORT),
    (0, b"\xff\xfe\x00\x00", "UTF-32", "convert it first: iconv -f UTF-32 -t UTF-8 FILE > text.txt"),
    (0, b"\x00\x00\xfe\xff", "UTF-32", "convert it first: iconv -f UTF-32 -t UTF-8 FILE > text.txt"),
    (0, b"\xff\xfe", "UTF-16", "convert it first: iconv -f UTF-16 -t UTF-8 FILE > text.txt"),
    (0, b"\xfe\xff", "UTF-16", "convert it first: iconv -f UTF-16 -t UTF-8 FILE > text.txt"),
];

const UNPACK: &str =
    "unpack it first and join the texts in it into one file; gzip and bzip2 alone are read as they are";
const DECOMPRESS: &str = "decompress it first; gzip and bzip2 are read as they are";
const EXPORT: &str = "export it as text first";

/// The format of what is no text, and what to do about it.
pub(super) fn not_text(head: &[u8], path: &Path) -> Option<(&'static str, &'static str)> {
    let begins = |(offset, bytes): (usize, &[u8])| head.get(offset..).is_some_and(|rest| rest.starts_with(bytes));
    if let Some((.., what, way)) = SIGNATURES.iter().find(|(offset, bytes, ..)| begins((*offset, bytes))) {
        return Some((what, way));
    }
    if is_compressed(head) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let archive = [".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz"].iter().any(|end| name.ends_with(end));
        return archive.then_some(("a compressed tar archive", UNPACK));
    }
    if without_mark(head, 1) {
        return Some((
            "UTF-16 without a byte order mark",
            "convert it first: iconv -f UTF-16LE -t UTF-8 FILE > text.txt",
        ));
    }
    if without_mark(head, 0) {
        return Some((
            "UTF-16 without a byte order mark",
            "convert it first: iconv -f UTF-16BE -t UTF-8 FILE > text.txt",
        ));
    }
    has_many_nuls(head).then_some(("binary data, with many NUL bytes", EXPORT))
}

/// RFC 1952, 2.3.1; bzip2's first block or its end begins with a number of its own.
fn is_compressed(head: &[u8]) -> bool {
    let bzip2 = head.starts_with(b"BZh")
        && head
            .get(4..10)
            .is_some_and(|mark| matches!(mark, b"\x31\x41\x59\x26\x53\x59" | b"\x17\x72\x45\x38\x50\x90"));
    head.starts_with(b"\x1f\x8b\x08") || bzip2
}

/// Whether every other byte, from the first or the second on, is the higher one of a character below U+2000, as all are in
/// texts of Europe and the Near East, and no byte between them is zero. Tabs and line ends are no such bytes: digits with a line each
/// are a text.
fn without_mark(head: &[u8], high: usize) -> bool {
    let is_high = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    let pairs = head.len() / 2;
    pairs >= 4 && head.chunks_exact(2).all(|pair| pair.get(high).is_some_and(is_high) && pair.get(1 - high) != Some(&0))
}

/// Whether every fourth byte or more is zero, as in programs and databases. A text may have some, where a disk was full.
fn has_many_nuls(head: &[u8]) -> bool {
    let nuls: usize = head.iter().map(|byte| usize::from(*byte == 0)).sum();
    nuls > 0 && nuls * 4 >= head.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(head: &[u8]) -> Option<&'static str> {
        not_text(head, Path::new("book")).map(|(what, _)| what)
    }

    #[test]
    fn texts_and_what_is_decompressed_pass() {
        for text in [
            &b""[..],
            b"the cat",
            b"\xef\xbb\xbfalpha",
            b"BZh is a word",
            b"PARIS",
            b"SEQUEL",
            b"\x1f\x8b\x08\x00",
            b"BZh91AY&SY",
            b"1\n2\n3\n4\n",
            b"a text\0 with one",
            b"\xff bytes of no character",
        ] {
            assert_eq!(format(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_named() {
        let utf16: Vec<u8> = "alpha beta".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(format(&utf16), Some("UTF-16 without a byte order mark"));
        let utf16: Vec<u8> = "alpha beta".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(format(&utf16), Some("UTF-16 without a byte order mark"));
        assert_eq!(format(b"\xff\xfea\0"), Some("UTF-16"));
        assert_eq!(format(b"\xff\xfe\0\0a\0\0\0"), Some("UTF-32"));
        let utf16: Vec<u8> = "мир и труд".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(format(&utf16), Some("UTF-16 without a byte order mark"));
        let program = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0";
        assert_eq!(format(program), Some("binary data, with many NUL bytes"));
        let mut tar = vec![b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(format(&tar), Some("a tar archive"));
        for (offset, bytes, what, _) in SIGNATURES {
            let mut head = vec![b'a'; *offset];
            head.extend_from_slice(bytes);
            assert_eq!(format(&head), Some(*what));
        }
        assert_eq!(not_text(b"\x1f\x8b\x08", Path::new("a.tar.gz")).unwrap().0, "a compressed tar archive");
        assert_eq!(not_text(b"\x1f\x8b\x08", Path::new("a.txt.gz")), None);
    }
}
