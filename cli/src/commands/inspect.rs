//! `tarquet inspect`: what a job would see in an object.

use crate::{
    args::Format,
    connection::block_on,
    context::Context,
    error::CliError,
    exit::Exit,
    kinds::{self, Answer, InspectFlags, Inspected},
    object::Object,
    screens,
};

/// What to look at.
#[derive(Debug, clap::Args)]
#[command(after_help = kinds::INSPECT_EXAMPLES)]
pub(crate) struct Args {
    #[arg(value_name = "URI", help = kinds::INSPECT_URI)]
    uri: String,
    #[command(flatten)]
    flags: InspectFlags,
}

/// Looks.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    block_on(async {
        let object = Object::open(&args.uri, &cx.globals.store.settings()).await?;
        let face = kinds::reader_of(&object).await?;
        match face.inspect(object, &args.flags, (cx.format(), cx.look())).await? {
            Inspected::Seen { answer, broken } => {
                match answer {
                    Answer::Data(value) => cx.answer_json(&value)?,
                    Answer::Text(text) => cx.answer(&text)?,
                }
                Ok(if broken { Exit::Failed } else { Exit::Done })
            }
            Inspected::Failed(record) => {
                match cx.format() {
                    Format::Json | Format::Jsonl => cx.answer_json(&record)?,
                    Format::Name => cx.answer(&record.code.to_string())?,
                    Format::Table => {
                        cx.answer(&screens::one_failure(&record, face.words().item, cx.look()))?;
                    }
                }
                Ok(Exit::Failed)
            }
        }
    })
}
