//! pandas reads what `tarquet generate frames` writes, and it adds up to what `truth.json` says.

use crate::common::tarquet;
use std::process::Command;
use tarquet_kit::environment;

const SCRIPT: &str = r#"
import io, json, os, sys, tarfile, tempfile
import lz4.frame, pandas as pd, pyarrow as pa
sys.path.insert(0, sys.argv[2])
import colsum
folder = sys.argv[1]
truth = json.load(open(folder + "/truth.json"))
sums = colsum.Sums()
for archive in truth["archives"]:
    data = lz4.frame.decompress(open(folder + "/" + archive["file"], "rb").read())
    rows = members = 0
    for member in (tar := tarfile.open(fileobj=io.BytesIO(data))):
        with tempfile.NamedTemporaryFile(suffix=".h5") as f:
            f.write(tar.extractfile(member).read())
            f.flush()
            frame = pd.read_hdf(f.name)
        assert frame.index.name == "ts" and frame.columns.tolist() == ["sensor_id", "v0", "v1", "v2", "v3", "v4"]
        sums.add(pa.Table.from_pandas(frame))
        rows, members = rows + len(frame), members + 1
    assert (rows, members) == (archive["rows"], archive["members"]), archive
result = sums.result()
for key in ("rows", "row_sum", "columns"):
    assert result[key] == truth[key], (key, result[key], truth[key])
print(result["rows"])
"#;

fn pandas_reads(python: &str) {
    let (Some(python), Some(colsum)) = (environment::path(python), environment::shared("baselines")) else {
        return;
    };
    let dir = tempfile::tempdir().expect("a folder for the test");
    for (blocks, seed) in [("linked", "1"), ("independent", "2")] {
        let out = dir.path().join(blocks);
        let out = out.to_str().expect("temporary folders have plain names");
        let args = ["generate", "frames", "--output", out, "--members", "7", "--rows", "300", "--seed", seed];
        let made = tarquet(&args).args(["--blocks", blocks]).status().expect("the command starts");
        assert!(made.success());
        let read = Command::new(&python).args(["-W", "ignore", "-c", SCRIPT, out]).arg(&colsum).output();
        let read = read.expect("python starts");
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    }
}

#[test]
fn pandas_2_3() {
    pandas_reads("TARQUET_PYTHON23");
}

#[test]
fn pandas_3_1() {
    pandas_reads("TARQUET_PYTHON31");
}
