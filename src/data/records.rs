//! Cuts a stream of comma-separated text into blocks of whole records, so that a file of any length is read in
//! bounded memory. Knows lines and cells, nothing of what they mean.

use std::io::Read;

/// Bytes of a block, as far as records allow.
const BLOCK: usize = 4 << 20;
/// Longest record.
const LONGEST: usize = 64 << 20;

/// Why the text is not a table: the line, what is wrong and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Counted from 1; 0 when no line is to blame.
    pub line: usize,
    pub why: String,
    pub help: &'static str,
}

pub const CELLS: &str = "every row has one cell a heading; a cell with a comma or a line break stands in double quotes";

/// The help when the stream itself ends in an error.
pub const BROKEN: &str = "the file may be cut off or damaged: fetch it again";

/// Some whole records.
pub struct Block {
    pub bytes: Vec<u8>,
    /// The line on which each record starts, counted from 1.
    pub lines: Vec<usize>,
}

/// The blocks of a stream. Every record has as many cells as the first.
pub struct Records<R> {
    stream: R,
    carry: Vec<u8>,
    ended: bool,
    line: usize,
    /// Cells of the first record; 0 before it is known.
    width: usize,
    /// The first empty line, which a table of one column cannot have.
    blank: Option<usize>,
    done: bool,
}

/// Where the scan stands within a record.
#[derive(Default)]
struct Scan {
    quoted_since: Option<usize>,
    record_start: Option<usize>,
    cells: usize,
    cell_start: bool,
}

impl<R: Read> Records<R> {
    pub fn new(stream: R) -> Self {
        Records { stream, carry: Vec::new(), ended: false, line: 1, width: 0, blank: None, done: false }
    }

    /// Reads more; false at the end of the stream.
    fn fill(&mut self) -> Result<bool, Malformed> {
        if self.ended {
            return Ok(false);
        }
        let before = self.carry.len();
        let mut part = (&mut self.stream).take(BLOCK as u64);
        match part.read_to_end(&mut self.carry) {
            Ok(0) => self.ended = true,
            Ok(_) => {}
            Err(why) => {
                return Err(Malformed { line: 0, why: why.to_string(), help: BROKEN });
            }
        }
        Ok(self.carry.len() > before)
    }

    /// The next whole records; none at the end.
    pub fn next_block(&mut self) -> Result<Option<Block>, Malformed> {
        let mut scan = Scan { cell_start: true, ..Scan::default() };
        let (mut at, mut whole, mut lines) = (0usize, 0usize, Vec::new());
        if self.done {
            return Ok(None);
        }
        loop {
            if at >= self.carry.len() {
                // A block ends with the last whole record; a longer record needs more of the stream.
                if whole > 0 && at >= BLOCK {
                    break;
                }
                if at - whole > LONGEST {
                    let why = format!("a row is longer than {} MiB", LONGEST >> 20);
                    return Err(Malformed { line: scan.record_start.unwrap_or(self.line), why, help: CELLS });
                }
                if !self.fill()? {
                    self.done = true;
                    self.finish(&scan, &mut lines)?;
                    whole = self.carry.len();
                    break;
                }
                continue;
            }
            let byte = self.carry[at];
            at += 1;
            if scan.quoted_since.is_some() {
                match byte {
                    b'"' if self.peek(at)? == Some(b'"') => at += 1,
                    b'"' => scan.quoted_since = None,
                    b'\n' => self.line += 1,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'\n' => {
                    match scan.record_start.take() {
                        Some(start) => {
                            self.record(start, scan.cells, &mut lines)?;
                            scan.cells = 0;
                        }
                        None => self.blank = self.blank.or(Some(self.line)),
                    }
                    self.line += 1;
                    scan.cell_start = true;
                    whole = at;
                }
                b'\r' => {}
                _ => {
                    if scan.record_start.is_none() {
                        scan.record_start = Some(self.line);
                        scan.cells = 1;
                    }
                    if byte == b'"' && scan.cell_start {
                        scan.quoted_since = Some(self.line);
                    }
                    scan.cell_start = byte == b',';
                    scan.cells += usize::from(byte == b',');
                }
            }
        }
        // Lines of the unfinished record are counted again with the next block.
        self.line = scan.record_start.unwrap_or(self.line);
        let rest = self.carry.split_off(whole);
        let bytes = std::mem::replace(&mut self.carry, rest);
        if let Err(why) = std::str::from_utf8(&bytes) {
            let before = bytes.get(..why.valid_up_to()).unwrap_or(&[]);
            let first = lines.first().copied().unwrap_or(1);
            let line = first + before.iter().filter(|b| **b == b'\n').count();
            return Err(Malformed { line, why: "not UTF-8 text; save it with the encoding UTF-8".into(), help: CELLS });
        }
        if lines.is_empty() && self.done { Ok(None) } else { Ok(Some(Block { bytes, lines })) }
    }

    fn peek(&mut self, at: usize) -> Result<Option<u8>, Malformed> {
        if at >= self.carry.len() {
            self.fill()?;
        }
        Ok(self.carry.get(at).copied())
    }

    /// The end of the stream: the last record may lack its line break.
    fn finish(&mut self, scan: &Scan, lines: &mut Vec<usize>) -> Result<(), Malformed> {
        if let Some(open) = scan.quoted_since {
            return Err(Malformed {
                line: open,
                why: "a quote opens here and is never closed".into(),
                help: "close it with `\"`; a quote inside a quoted cell is doubled",
            });
        }
        match scan.record_start {
            Some(start) => self.record(start, scan.cells, lines),
            None => Ok(()),
        }
    }

    fn record(&mut self, start: usize, cells: usize, lines: &mut Vec<usize>) -> Result<(), Malformed> {
        if self.width == 0 {
            self.width = cells;
        }
        if cells != self.width {
            return Err(Malformed {
                line: start,
                why: format!("expected {} cells, found {cells}", self.width),
                help: CELLS,
            });
        }
        if let (1, Some(line)) = (self.width, self.blank) {
            // With one column an empty line could be a missing cell or nothing at all.
            return Err(Malformed {
                line,
                why: "an empty line".into(),
                help: "delete it, or write `NA` for a missing cell",
            });
        }
        lines.push(start);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<(usize, String)>, Malformed> {
        let mut records = Records::new(text.as_bytes());
        let mut out = Vec::new();
        while let Some(block) = records.next_block()? {
            let text = String::from_utf8(block.bytes).unwrap();
            out.extend(block.lines.iter().map(|l| (*l, text.clone())));
        }
        Ok(out)
    }

    fn lines(text: &str) -> Result<Vec<usize>, Malformed> {
        Ok(all(text)?.into_iter().map(|(l, _)| l).collect())
    }

    #[test]
    fn records_know_their_lines() {
        assert_eq!(lines("a,b\n1,2\n\n\"x\ny\",3\r\n4,5"), Ok(vec![1, 2, 4, 6]));
        assert_eq!(lines(""), Ok(vec![]));
        assert_eq!(lines("a,b\n1\n").unwrap_err().line, 2);
        assert_eq!(lines("a,b\n1,\"2\n3,4\n").unwrap_err().line, 2);
        assert_eq!(lines("a\n1\n\n2\n").unwrap_err().line, 3);
        assert_eq!(lines("a,b\n1,\"say \"\"so\"\", please\"\n"), Ok(vec![1, 2]));
    }

    #[test]
    fn blocks_end_with_whole_records() {
        let mut text = String::from("a,b\n");
        for i in 0..600_000 {
            text.push_str(&format!("{i},\"line\nbreak\"\n"));
        }
        let mut records = Records::new(text.as_bytes());
        let (mut n, mut blocks, mut last) = (0, 0, 0);
        while let Some(block) = records.next_block().unwrap() {
            n += block.lines.len();
            blocks += 1;
            assert!(block.bytes.ends_with(b"\n"));
            assert!(block.bytes.len() < 3 * BLOCK);
            last = *block.lines.last().unwrap();
        }
        assert_eq!((n, last), (600_001, 1_200_000));
        assert!(blocks > 1);
    }
}
