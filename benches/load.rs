//! Loading a long CSV file: seconds and peak memory beside the size of the file.

use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

const SCRIPT: &str = r#"
language 1
dataset d from "long.csv" {
  id      : Int subject
  age     : Int 'a' in 0..120
  lactate : Real 'mmol/L' in 0..100 ?
  sex     : Category { F, M }
  y       : Bool
} sensitivity synthetic
"#;

fn write(folder: &Path, rows: usize) -> std::io::Result<u64> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(folder.join("long.csv"))?);
    file.write_all(b"id,age,lactate,sex,y\n")?;
    let mut line = String::new();
    for i in 0..rows {
        let r = (i as u64).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33;
        line.clear();
        let lactate = if r.is_multiple_of(19) { String::new() } else { format!("{:.2}", (r % 4000) as f64 / 200.0) };
        let sex = if r & 4 == 0 { 'F' } else { 'M' };
        let _ = writeln!(line, "{i},{},{lactate},{sex},{}", 18 + r % 80, r & 1);
        file.write_all(line.as_bytes())?;
    }
    file.flush()?;
    std::fs::write(folder.join("long.dbf"), SCRIPT)?;
    Ok(std::fs::metadata(folder.join("long.csv"))?.len())
}

/// The figures of this file.
pub fn figures() -> Value {
    let folder = std::env::temp_dir().join(format!("dbf-load-{}", std::process::id()));
    let mut out = serde_json::Map::new();
    for rows in [1_000_000, 10_000_000] {
        let made = std::fs::create_dir_all(&folder).and_then(|()| write(&folder, rows));
        let script = folder.join("long.dbf").display().to_string();
        let entry = match made {
            Ok(bytes) => {
                let mut entry = super::long(&["eval", "P(lactate > 4 'mmol/L' | sex == F)", "--file", &script]);
                entry["file_mib"] = json!(bytes as f64 / 1024.0 / 1024.0);
                entry
            }
            Err(why) => json!({ "not run": why.to_string() }),
        };
        out.insert(format!("load {rows} rows"), entry);
    }
    let _ = std::fs::remove_dir_all(&folder);
    Value::Object(out)
}
