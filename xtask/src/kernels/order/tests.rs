//! Rules on made-up machine code: each kind holds, and is broken by a planted bug.

use super::Rule;

/// A loop over blocks that waits for a barrier in a loop of its own, as cuobjdump writes it.
const CODE: &str = "\
        /*0000*/                   MUFU.RCP R0, R0 ;                      /* 0x0000000000007308 */
                                                                          /* 0x000e220000001000 */
        /*0010*/                   MUFU.EX2 R9, R9 ;                      /* 0x0000000000007308 */
        /*0020*/                   MUFU.EX2 R8, R8 ;                      /* 0x0000000000007308 */
        /*0030*/                   SYNCS.PHASECHK.TRANS64 P0, [R1], R2 ;  /* 0x0000000000007308 */
        /*0040*/              @!P0 BRA 0x30 ;                             /* 0xfffffffc00e88947 */
        /*0050*/                   WARPGROUP.DEPBAR.LE gsb0, 0x0 ;        /* 0x00008000000079c5 */
        /*0060*/                   HGMMA.64x64x16.F32.BF16 R24, R4, gdesc[UR4], R24 ;
        /*0070*/                   WARPGROUP.DEPBAR.LE gsb0, 0x1 ;        /* 0x00008000000079c5 */
        /*0080*/              @P1  BRA 0x10 ;                             /* 0xfffffffc00e88947 */
        /*0090*/                   EXIT ;                                 /* 0x000000000000794d */
";

#[track_caller]
fn check(rule: &str, code: &str, expected: &[&str]) {
    assert_eq!(Rule::parse(rule).unwrap().findings(code), expected);
}

#[test]
fn work_lies_between_the_waits_of_a_loop() {
    check("WAIT1 .. 2 EX2 .. WAIT0", CODE, &[]);
    check(
        "WAIT1 .. 3 EX2 .. WAIT0",
        CODE,
        &["2 MUFU.EX2 of 3 between /*0070*/ WARPGROUP.DEPBAR.LE gsb0, 0x1 and /*0050*/ \
           WARPGROUP.DEPBAR.LE gsb0, 0x0"],
    );
}

/// What ptxas did to `attention_wgmma`.
#[test]
fn a_wait_that_is_hoisted_over_the_work_is_found() {
    let wait = "WARPGROUP.DEPBAR.LE gsb0, 0x0";
    let hoisted = CODE.replace(wait, "NOP").replace("MUFU.EX2 R9, R9", wait);
    let expected = "0 MUFU.EX2 of 2 between /*0070*/ WARPGROUP.DEPBAR.LE gsb0, 0x1 and /*0010*/ \
                    WARPGROUP.DEPBAR.LE gsb0, 0x0";
    check("WAIT1 .. 2 EX2 .. WAIT0", &hoisted, &[expected]);
    let gone = CODE.replace(wait, "NOP");
    let expected = "no WARPGROUP.DEPBAR 0x0 follows /*0070*/ WARPGROUP.DEPBAR.LE gsb0, 0x1";
    check("WAIT1 .. 2 EX2 .. WAIT0", &gone, &[expected]);
}

#[test]
fn a_division_counts_in_the_loop_alone() {
    check("HGMMA without MUFU.RCP", CODE, &[]);
    let divides = CODE.replace("MUFU.EX2 R8, R8", "MUFU.RCP R8, R8");
    check("HGMMA without MUFU.RCP", &divides, &["in a loop: /*0020*/ MUFU.RCP R8, R8"]);
    check("HMMA without MUFU.RCP", CODE, &["no loop holds HMMA"]);
}

#[test]
fn what_is_no_rule_is_refused() {
    for text in ["WAIT1 .. EX2 .. WAIT0", "HGMMA", "A .. 3 B", " without X"] {
        assert!(Rule::parse(text).is_err(), "{text}");
    }
}
