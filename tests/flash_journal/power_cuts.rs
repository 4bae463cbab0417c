//! Power is lost at every write and every erase, in every way.

use crate::flash::{Flash, Torn};
use crate::run::{Run, open};

/// What the cuts of a run have seen.
#[derive(Default)]
struct Seen {
    points: usize,
    cuts: usize,
    erases: usize,
    cuts_in_repair: usize,
    refused: u32,
}

#[test]
fn nothing_is_lost_or_comes_again_wherever_the_power_is_cut() {
    let mut seen = Seen::default();
    for batch in [1, 4] {
        cut_everywhere::<4>(batch, &mut seen);
    }
    cut_everywhere::<8>(1, &mut seen);
    cut_everywhere::<1>(1, &mut seen);
    println!(
        "{} cut points, {} cuts, {} of them in an erase, and {} more in the repair after a cut",
        seen.points, seen.cuts, seen.erases, seen.cuts_in_repair
    );
    assert!(seen.points > 4_000 && seen.erases > 500 && seen.cuts_in_repair > 100 && seen.refused > 0);
}

fn cut_everywhere<const WORD: usize>(batch: u32, seen: &mut Seen) {
    let mut run = Run::new(batch);
    let flash = Flash::<WORD>::new();
    while run.events < 300 {
        let before = (run.clone(), flash.copied());
        let start = flash.operations();
        assert!(run.turn(&flash), "nothing was cut");
        for at in 0..flash.operations() - start {
            seen.points += 1;
            // An erase in every way, and a write in two ways, which are others at the next cut.
            for turn in 0..Torn::ALL.len() {
                let torn = Torn::ALL[(seen.points * 2 + turn) % Torn::ALL.len()];
                let was_erase = cut(before.0.clone(), &before.1.copied(), at, torn, seen);
                seen.erases += usize::from(was_erase);
                seen.cuts += 1;
                if turn == 1 && !was_erase {
                    break;
                }
            }
        }
    }
    let (erases, operations) = (flash.erases(), flash.operations());
    println!(
        "words of {WORD}, each {batch}. commit written: {} events, {} full syncs, {} refused, {operations} writes and erases, \
         erases of each page {erases:?}",
        run.events, run.syncs, run.refused
    );
    assert!(erases.iter().all(|erases| *erases > 2), "it goes round: {erases:?}");
    assert!(erases.iter().max().unwrap() - erases.iter().min().unwrap() <= 2, "all pages wear equally: {erases:?}");
    assert!(run.syncs > 5);
    seen.refused += run.refused;
}

fn cut<const WORD: usize>(mut run: Run, flash: &Flash<WORD>, at: usize, torn: Torn, seen: &mut Seen) -> bool {
    flash.fail(at, torn);
    assert!(!run.turn(flash), "the power is lost");
    let was_erase = flash.cut_an_erase();
    flash.restart();

    // The power is lost again while the pages are mended.
    let mended = flash.copied();
    let _ = open(&mended, 1).unwrap_or_else(|error| panic!("{error}: {at} {torn:?} {run:?}"));
    for again in 0..mended.operations() - flash.operations() {
        for torn in [Torn::Mixture, Torn::Ends, Torn::Hardly] {
            seen.cuts_in_repair += 1;
            let flash = flash.copied();
            flash.fail(again, torn);
            assert!(open(&flash, 1).is_err(), "the power is lost");
            flash.restart();
            run.clone().check(&flash);
        }
    }

    run.check(flash);
    assert!(run.turn(flash), "the power is back");
    run.drain(flash);
    was_erase
}

#[test]
fn fewer_commits_wear_the_flash_less() {
    let erases = [1, 16].map(|batch| {
        let flash = Flash::<4>::new();
        let mut run = Run::new(batch);
        run.keep_up(&flash, 600);
        flash.erases().iter().sum::<u32>()
    });
    println!(
        "600 events, each committed as it comes: {} erases, with every 16th commit written {}",
        erases[0], erases[1]
    );
    assert!(erases[1] * 10 < erases[0] * 9, "{erases:?}");
    // Four events and their cursors in a page of 512 bytes at most.
    assert!((600 / 8..600 / 3).contains(&erases[0]), "{erases:?}");
}
