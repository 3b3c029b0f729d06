//! Rule 1, end to end: each fixture goes through `tarquet run`, alone and with others, and pandas judges what came out.
//!
//! Fixtures that pandas cannot write itself are compared by position. Fixtures that must fail leave no
//! part behind, and whatever a file tried to run was not run.

use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Output,
    sync::Mutex,
};
use tarquet_kit::environment::{self, repository};
use tarquet_tests::{
    binary,
    python::{self, Pandas},
};

/// What pandas 2.3 or 3.1 cannot send through Parquet because of the columns' names (rules 18 and 19).
const BY_POSITION: [&str; 7] = [
    "r09_fx_columns_name_int",
    "r18_fx_int_beside_text",
    "r18_tb_duplicates",
    "r18_tb_three_duplicates",
    // pandas reads each stored bool back as True
    "r19_fx_bool",
    "r19_fx_period",
    "r19_fx_timedelta",
];

/// What the hostile fixtures would leave in the working directory.
const MARK: &str = "tarquet_was_here";

/// Exit codes of a run that publishes nothing because of its input: failed, held.
const REFUSED: [i32; 2] = [4, 5];

/// A developer's variable: only fixtures whose name starts so (`FIXTURES=r14`).
const NARROWED: &str = "FIXTURES";

struct Fixture {
    name: String,
    facts: Value,
}

impl Fixture {
    fn all() -> Vec<Self> {
        let directory = repository().join("tests/fixtures/fidelity");
        let paths = fs::read_dir(directory).unwrap().map(|e| e.unwrap().path());
        let jsons = paths.filter(|p| p.extension().is_some_and(|e| e == "json"));
        let mut all: Vec<Self> = jsons
            .map(|p| Self {
                name: p.file_stem().unwrap().to_str().unwrap().to_owned(),
                facts: serde_json::from_slice(&fs::read(p).unwrap()).unwrap(),
            })
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        if let Ok(prefix) = std::env::var(NARROWED) {
            all.retain(|f| f.name.starts_with(&prefix));
        }
        assert!(!all.is_empty(), "no fixture");
        all
    }

    fn must_fail(&self) -> bool {
        self.facts.get("expect_failure").is_some() || self.facts.get("zero_columns").is_some()
    }

    /// Whether pandas may open it, and reads it as a frame.
    fn can_be_judged(&self) -> bool {
        !self.must_fail() && !self.name.contains("evil") && self.facts.get("plain").is_none()
    }

    fn judge(&self) -> Pandas {
        if self.facts["judge"] == "pandas 3.1" { Pandas::V31 } else { Pandas::V23 }
    }

    fn key(&self) -> &str {
        self.facts["key"].as_str().unwrap()
    }

    /// The key that a user would have to say: none, where the file leaves no choice.
    fn key_told(&self) -> &str {
        if ["df", "/"].contains(&self.key()) { "auto" } else { self.key() }
    }

    /// The file as it was before it was gzip'd, in `scratch`.
    fn unpacked(&self, scratch: &Path) -> PathBuf {
        let source = repository().join("tests/fixtures/fidelity").join(self.facts["file"].as_str().unwrap());
        let path = scratch.join(format!("{}.h5", self.name));
        let mut bytes = fs::read(&source).unwrap();
        if source.extension().is_some_and(|e| e == "gz") {
            let mut plain = Vec::new();
            std::io::copy(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut plain).unwrap();
            bytes = plain;
        }
        fs::write(&path, bytes).unwrap();
        path
    }

    /// `tarquet run` on the file alone, told its key.
    fn run(&self, scratch: &Path) -> Output {
        let (spec, output) = (scratch.join(format!("{}.toml", self.name)), scratch.join(&self.name));
        let text = format!(
            "version = 1\nkind = \"convert\"\n[input]\nuris = [{:?}]\nhdf5 = {{ key = {:?} }}\n[output]\nuri = {:?}\npartitions = 1\n",
            self.unpacked(scratch),
            self.key_told(),
            output,
        );
        fs::write(&spec, text).unwrap();
        let mut command = binary::command();
        command.current_dir(scratch).arg("run").arg(&spec).args(["--slots", "1", "--progress", "none"]);
        command.output().unwrap()
    }

    /// What is wrong with a run's end, in words.
    fn verdict(&self, scratch: &Path, output: &Output) -> Option<String> {
        let code = output.status.code().unwrap_or(-1);
        let parts = fs::read_dir(scratch.join(&self.name)).map_or(0, Iterator::count);
        let good =
            if self.must_fail() { REFUSED.contains(&code) && parts == 0 } else { code == 0 && parts == 1 };
        let said = || String::from_utf8_lossy(&output.stderr).lines().take(3).collect::<Vec<_>>().join(" / ");
        (!good).then(|| format!("{}: exit {code}, {parts} parts: {}", self.name, said()))
    }

    /// The fixture of this name.
    fn of_name(name: &str) -> Self {
        let path = repository().join(format!("tests/fixtures/fidelity/{name}.json"));
        Self { name: name.to_owned(), facts: serde_json::from_slice(&fs::read(path).unwrap()).unwrap() }
    }

    fn job(&self, scratch: &Path) -> String {
        let by_position = BY_POSITION.iter().any(|n| self.name.starts_with(n));
        let member = scratch.join(format!("{}.h5", self.name));
        let job = json!({"output": scratch.join(&self.name), "members": [member], "key": self.key(), "by_position": by_position});
        job.to_string()
    }
}

/// Runs all, on two threads; what is wrong with their ends.
fn run_all(fixtures: &[Fixture], scratch: &Path) -> Vec<String> {
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for half in 0..2 {
            let wrong = &wrong;
            scope.spawn(move || {
                for fixture in fixtures.iter().skip(half).step_by(2) {
                    let output = fixture.run(scratch);
                    wrong.lock().unwrap().extend(fixture.verdict(scratch, &output));
                }
            });
        }
    });
    wrong.into_inner().unwrap()
}

#[test]
fn pandas_reads_each_fixture_as_it_was() {
    let judges = [Pandas::V23, Pandas::V31];
    if judges.iter().any(|j| environment::path(j.variable()).is_none()) {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let fixtures = Fixture::all();
    let wrong = run_all(&fixtures, scratch.path());
    assert!(wrong.is_empty(), "{} of {} end wrongly:\n{}", wrong.len(), fixtures.len(), wrong.join("\n"));
    assert!(!scratch.path().join(MARK).exists(), "something in a fixture was executed");
    for judge in judges {
        // narrowed, one of the two may have nothing to judge
        let batch = scratch.path().join(format!("{judge:?}.jsonl"));
        let mut file = fs::File::create(&batch).unwrap();
        for fixture in fixtures.iter().filter(|f| f.can_be_judged() && f.judge() == judge) {
            writeln!(file, "{}", fixture.job(scratch.path())).unwrap();
        }
        if fs::metadata(&batch).unwrap().len() == 0 {
            continue;
        }
        python::must_pass(judge, "oracle.py", &[Path::new("--batch"), &batch]);
    }
}

/// Members that differ and go into one dataset: what `pd.concat` makes of them is what comes out (rules 1, 20, 21). Of each
/// three the middle one is the first again, so that the file has a member on either side of the one that differs.
const JOINED: [(&str, &str, Pandas); 10] = [
    ("r20_fx_member_base_p23", "r20_fx_member_reordered_p23", Pandas::V23),
    ("r20_fx_member_base_p23", "r20_fx_member_missing_p23", Pandas::V23),
    ("r20_fx_member_missing_p23", "r20_fx_member_base_p23", Pandas::V23),
    ("r21_fx_member_v_int32_p23", "r21_fx_member_v_uint32_p23", Pandas::V23),
    ("r21_fx_member_v_int64_small_p23", "r21_fx_member_v_float64_p23", Pandas::V23),
    ("r21_fx_member_v_float32_p23", "r21_fx_member_v_float64_p23", Pandas::V23),
    ("r21_fx_member_v_float32_p23", "r21_fx_member_v_int32_p23", Pandas::V23),
    ("r21_fx_member_v_float64_p23", "r21_fx_member_v_all_missing_float_p23", Pandas::V23),
    ("r21_fx_member_v_text_p23", "r21_fx_member_v_all_missing_object_p23", Pandas::V23),
    ("r21_fx_member_v_text_p23", "r21_fx_member_v_empty_text_p23", Pandas::V23),
];

#[test]
fn pandas_concatenates_what_is_joined() {
    if JOINED.iter().any(|(.., judge)| environment::path(judge.variable()).is_none()) {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let mut batches: BTreeMap<&str, (Pandas, String)> = BTreeMap::new();
    for (number, (first, other, judge)) in JOINED.into_iter().enumerate() {
        let folder = scratch.path().join(number.to_string());
        fs::create_dir(&folder).unwrap();
        let mut members = Vec::new();
        for (place, name) in [first, first, other].into_iter().enumerate() {
            let member = folder.join(format!("{place}.h5"));
            fs::rename(Fixture::of_name(name).unpacked(&folder), &member).unwrap();
            members.push(member);
        }
        let output = folder.join("out");
        let text = format!(
            "version = 1\nkind = \"convert\"\n[input]\nuris = [\"*.h5\"]\n[schema]\non_extra_column = \"add\"\n\
             [output]\nuri = {output:?}\npartitions = 2\n"
        );
        fs::write(folder.join("job.toml"), text).unwrap();
        let mut command = binary::command();
        command.current_dir(&folder).args(["run", "job.toml", "--slots", "1", "--progress", "none"]);
        let ended = command.output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(0), "{first} with {other}: {said}");
        let job = json!({"output": output, "members": members, "key": "df", "by_position": false});
        let batch = batches.entry(judge.variable()).or_insert((judge, String::new()));
        batch.1.push_str(&format!("{job}\n"));
    }
    for (name, (judge, jobs)) in batches {
        let batch = scratch.path().join(format!("{name}.jsonl"));
        fs::write(&batch, jobs).unwrap();
        python::must_pass(judge, "oracle.py", &[Path::new("--batch"), &batch]);
    }
}
