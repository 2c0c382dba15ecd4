//! The same inputs and seed give the same digest, on any number of threads; work that is finished is kept.

use crate::support::Tiny;

#[test]
fn one_thread_and_two_give_the_same_digest() {
    let tiny = Tiny::new();
    assert!(tiny.run("one", &["--threads", "1"]).status.success());
    assert!(tiny.run("two", &["--threads", "2"]).status.success());
    let (one, two) = (tiny.results("one"), tiny.results("two"));
    assert_eq!(one.digest, two.digest);
    assert_eq!((one.receipt.threads, two.receipt.threads), (1, 2));
    assert!(tiny.run("other", &["--seed", "8"]).status.success());
    assert_ne!(tiny.results("other").digest, one.digest, "the seed does nothing");
}

#[test]
fn a_second_run_takes_finished_work_from_the_cache() {
    let tiny = Tiny::new();
    assert!(tiny.run("out", &[]).status.success());
    let first = tiny.results("out");
    assert_eq!(first.receipt.cells_from_cache, 0);
    assert!(tiny.run("out", &[]).status.success());
    let second = tiny.results("out");
    assert_eq!(second.receipt.cells_from_cache, second.body.cells.len());
    assert_eq!(first.digest, second.digest);
    assert!(tiny.run("out", &["--fresh"]).status.success());
    assert_eq!(tiny.results("out").receipt.cells_from_cache, 0);
    // Another script does not take what is not its own.
    tiny.script(&crate::support::TINY.replace("folds     3", "folds     4"));
    assert!(tiny.run("out", &[]).status.success());
    let third = tiny.results("out");
    assert_eq!(third.receipt.cells_from_cache, 0);
    assert_ne!(third.digest, first.digest);
}

#[cfg(feature = "nets")]
#[test]
fn a_generator_gives_the_same_rows_on_any_number_of_threads() {
    let tiny = Tiny::new();
    let more = crate::support::TINY
        .replace("tasks     diagnosis", "tasks     diagnosis, realism")
        .replace("benchmark tiny_bench", "task realism on row discriminate synthetic\ngenerator twin = conditional_gan(tiny) { epochs 3 }\n\nbenchmark tiny_bench");
    tiny.script(&more);
    let output = tiny.run("one", &["--threads", "1"]);
    assert!(output.status.success(), "{}", crate::support::stderr(&output));
    assert!(tiny.run("two", &["--threads", "2"]).status.success());
    let one = tiny.results("one");
    assert_eq!(one.digest, tiny.results("two").digest);
    assert_eq!(one.body.generators.len(), 1);
    assert_eq!(one.body.generators[0].epochs, 3);
    assert!(one.body.plots.distributions.iter().any(|d| d.column == "age"));
    // A recorded prediction cannot take part, and says so.
    let silent = one.body.cells.iter().find(|c| c.task == "realism" && c.model == "recorded_risk").unwrap();
    assert!(silent.undefined.as_ref().unwrap().contains("recorded"));
    let trained =
        one.body.cells.iter().find(|c| c.task == "realism" && c.model == "regression" && c.metric == "auroc").unwrap();
    assert!(trained.value.is_some());
}
