;; BitLocker's key stretching: last = SHA-256(last, initial, salt, round as 64 bits) for 1,048,576 rounds.
;;
;; Each round is a SHA-256 (FIPS 180-4) of 88 bytes, so of two blocks:
;;   block 1  last (8 words), initial (8 words)
;;   block 2  salt (4 words), round (2 words, little-endian), 0x80, zeros, the length of 704 bits
;; Block 2 does not depend on the rounds before, so its message schedule is made for four rounds at once. The schedule of
;; block 1 is made four words at a time. What remains one after the other are the 128 steps of the compressions.
;;
;; The caller owns a state of 4,096 bytes in the arena. Words are numbers of 32 bits in the machine's order, already
;; swapped from SHA-256's big-endian bytes:
;;      0  last (8 words), initial (8 words): block 1
;;     64  salt (4 words)
;;     96  initial hash value of SHA-256 (8 words), then its 64 constants, put there by initialize
;;    384  hash value between the two blocks (8 words)
;;    512  schedule of block 1 with the constants added (64 words)
;;   1024  words of block 2 of four rounds (64 vectors)
;;   2048  schedules of block 2 of four rounds with the constants added (4 times 64 words)
(module
  (import "arena" "memory" (memory 1 65536))

  ;; The initial hash value and the constants, little-endian.
  (data $constants
    "\67\e6\09\6a\85\ae\67\bb\72\f3\6e\3c\3a\f5\4f\a5\7f\52\0e\51\8c\68\05\9b\ab\d9\83\1f\19\cd\e0\5b"
    "\98\2f\8a\42\91\44\37\71\cf\fb\c0\b5\a5\db\b5\e9\5b\c2\56\39\f1\11\f1\59\a4\82\3f\92\d5\5e\1c\ab"
    "\98\aa\07\d8\01\5b\83\12\be\85\31\24\c3\7d\0c\55\74\5d\be\72\fe\b1\de\80\a7\06\dc\9b\74\f1\9b\c1"
    "\c1\69\9b\e4\86\47\be\ef\c6\9d\c1\0f\cc\a1\0c\24\6f\2c\e9\2d\aa\84\74\4a\dc\a9\b0\5c\da\88\f9\76"
    "\52\51\3e\98\6d\c6\31\a8\c8\27\03\b0\c7\7f\59\bf\f3\0b\e0\c6\47\91\a7\d5\51\63\ca\06\67\29\29\14"
    "\85\0a\b7\27\38\21\1b\2e\fc\6d\2c\4d\13\0d\38\53\54\73\0a\65\bb\0a\6a\76\2e\c9\c2\81\85\2c\72\92"
    "\a1\e8\bf\a2\4b\66\1a\a8\70\8b\4b\c2\a3\51\6c\c7\19\e8\92\d1\24\06\99\d6\85\35\0e\f4\70\a0\6a\10"
    "\16\c1\a4\19\08\6c\37\1e\4c\77\48\27\b5\bc\b0\34\b3\0c\1c\39\4a\aa\d8\4e\4f\ca\9c\5b\f3\6f\2e\68"
    "\ee\82\8f\74\6f\63\a5\78\14\78\c8\84\08\02\c7\8c\fa\ff\be\90\eb\6c\50\a4\f7\a3\f9\be\f2\78\71\c6")

  ;; Must be called once for each state, before stretch.
  (func (export "initialize") (param $state i32)
    (memory.init $constants (i32.add (local.get $state) (i32.const 96)) (i32.const 0) (i32.const 288)))

  ;; One compression: `to` = `from` + the 64 steps over a schedule that has the constants in it. Majority is taken as
  ;; b ^ ((a ^ b) & (b ^ c)), because b ^ c of a step is a ^ b of the step before.
  (func $compress (param $from i32) (param $to i32) (param $schedule i32)
    (local $a i32) (local $b i32) (local $c i32) (local $d i32)
    (local $e i32) (local $f i32) (local $g i32) (local $h i32)
    (local $aXorB i32) (local $bXorC i32) (local $end i32)
    (local.set $a (i32.load (local.get $from)))
    (local.set $b (i32.load offset=4 (local.get $from)))
    (local.set $c (i32.load offset=8 (local.get $from)))
    (local.set $d (i32.load offset=12 (local.get $from)))
    (local.set $e (i32.load offset=16 (local.get $from)))
    (local.set $f (i32.load offset=20 (local.get $from)))
    (local.set $g (i32.load offset=24 (local.get $from)))
    (local.set $h (i32.load offset=28 (local.get $from)))
    (local.set $bXorC (i32.xor (local.get $b) (local.get $c)))
    (local.set $end (i32.add (local.get $schedule) (i32.const 256)))
    (loop $steps
      (local.set $h
        (i32.add
          (i32.add
            (i32.add (local.get $h) (i32.load (local.get $schedule)))
            (i32.xor (local.get $g) (i32.and (local.get $e) (i32.xor (local.get $f) (local.get $g)))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $e) (i32.const 6)) (i32.rotr (local.get $e) (i32.const 11)))
            (i32.rotr (local.get $e) (i32.const 25)))))
      (local.set $d (i32.add (local.get $d) (local.get $h)))
      (local.set $aXorB (i32.xor (local.get $a) (local.get $b)))
      (local.set $h
        (i32.add
          (i32.add (local.get $h) (i32.xor (local.get $b) (i32.and (local.get $aXorB) (local.get $bXorC))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $a) (i32.const 2)) (i32.rotr (local.get $a) (i32.const 13)))
            (i32.rotr (local.get $a) (i32.const 22)))))

      (local.set $g
        (i32.add
          (i32.add
            (i32.add (local.get $g) (i32.load offset=4 (local.get $schedule)))
            (i32.xor (local.get $f) (i32.and (local.get $d) (i32.xor (local.get $e) (local.get $f)))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $d) (i32.const 6)) (i32.rotr (local.get $d) (i32.const 11)))
            (i32.rotr (local.get $d) (i32.const 25)))))
      (local.set $c (i32.add (local.get $c) (local.get $g)))
      (local.set $bXorC (i32.xor (local.get $h) (local.get $a)))
      (local.set $g
        (i32.add
          (i32.add (local.get $g) (i32.xor (local.get $a) (i32.and (local.get $bXorC) (local.get $aXorB))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $h) (i32.const 2)) (i32.rotr (local.get $h) (i32.const 13)))
            (i32.rotr (local.get $h) (i32.const 22)))))

      (local.set $f
        (i32.add
          (i32.add
            (i32.add (local.get $f) (i32.load offset=8 (local.get $schedule)))
            (i32.xor (local.get $e) (i32.and (local.get $c) (i32.xor (local.get $d) (local.get $e)))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $c) (i32.const 6)) (i32.rotr (local.get $c) (i32.const 11)))
            (i32.rotr (local.get $c) (i32.const 25)))))
      (local.set $b (i32.add (local.get $b) (local.get $f)))
      (local.set $aXorB (i32.xor (local.get $g) (local.get $h)))
      (local.set $f
        (i32.add
          (i32.add (local.get $f) (i32.xor (local.get $h) (i32.and (local.get $aXorB) (local.get $bXorC))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $g) (i32.const 2)) (i32.rotr (local.get $g) (i32.const 13)))
            (i32.rotr (local.get $g) (i32.const 22)))))

      (local.set $e
        (i32.add
          (i32.add
            (i32.add (local.get $e) (i32.load offset=12 (local.get $schedule)))
            (i32.xor (local.get $d) (i32.and (local.get $b) (i32.xor (local.get $c) (local.get $d)))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $b) (i32.const 6)) (i32.rotr (local.get $b) (i32.const 11)))
            (i32.rotr (local.get $b) (i32.const 25)))))
      (local.set $a (i32.add (local.get $a) (local.get $e)))
      (local.set $bXorC (i32.xor (local.get $f) (local.get $g)))
      (local.set $e
        (i32.add
          (i32.add (local.get $e) (i32.xor (local.get $g) (i32.and (local.get $bXorC) (local.get $aXorB))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $f) (i32.const 2)) (i32.rotr (local.get $f) (i32.const 13)))
            (i32.rotr (local.get $f) (i32.const 22)))))

      (local.set $d
        (i32.add
          (i32.add
            (i32.add (local.get $d) (i32.load offset=16 (local.get $schedule)))
            (i32.xor (local.get $c) (i32.and (local.get $a) (i32.xor (local.get $b) (local.get $c)))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $a) (i32.const 6)) (i32.rotr (local.get $a) (i32.const 11)))
            (i32.rotr (local.get $a) (i32.const 25)))))
      (local.set $h (i32.add (local.get $h) (local.get $d)))
      (local.set $aXorB (i32.xor (local.get $e) (local.get $f)))
      (local.set $d
        (i32.add
          (i32.add (local.get $d) (i32.xor (local.get $f) (i32.and (local.get $aXorB) (local.get $bXorC))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $e) (i32.const 2)) (i32.rotr (local.get $e) (i32.const 13)))
            (i32.rotr (local.get $e) (i32.const 22)))))

      (local.set $c
        (i32.add
          (i32.add
            (i32.add (local.get $c) (i32.load offset=20 (local.get $schedule)))
            (i32.xor (local.get $b) (i32.and (local.get $h) (i32.xor (local.get $a) (local.get $b)))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $h) (i32.const 6)) (i32.rotr (local.get $h) (i32.const 11)))
            (i32.rotr (local.get $h) (i32.const 25)))))
      (local.set $g (i32.add (local.get $g) (local.get $c)))
      (local.set $bXorC (i32.xor (local.get $d) (local.get $e)))
      (local.set $c
        (i32.add
          (i32.add (local.get $c) (i32.xor (local.get $e) (i32.and (local.get $bXorC) (local.get $aXorB))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $d) (i32.const 2)) (i32.rotr (local.get $d) (i32.const 13)))
            (i32.rotr (local.get $d) (i32.const 22)))))

      (local.set $b
        (i32.add
          (i32.add
            (i32.add (local.get $b) (i32.load offset=24 (local.get $schedule)))
            (i32.xor (local.get $a) (i32.and (local.get $g) (i32.xor (local.get $h) (local.get $a)))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $g) (i32.const 6)) (i32.rotr (local.get $g) (i32.const 11)))
            (i32.rotr (local.get $g) (i32.const 25)))))
      (local.set $f (i32.add (local.get $f) (local.get $b)))
      (local.set $aXorB (i32.xor (local.get $c) (local.get $d)))
      (local.set $b
        (i32.add
          (i32.add (local.get $b) (i32.xor (local.get $d) (i32.and (local.get $aXorB) (local.get $bXorC))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $c) (i32.const 2)) (i32.rotr (local.get $c) (i32.const 13)))
            (i32.rotr (local.get $c) (i32.const 22)))))

      (local.set $a
        (i32.add
          (i32.add
            (i32.add (local.get $a) (i32.load offset=28 (local.get $schedule)))
            (i32.xor (local.get $h) (i32.and (local.get $f) (i32.xor (local.get $g) (local.get $h)))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $f) (i32.const 6)) (i32.rotr (local.get $f) (i32.const 11)))
            (i32.rotr (local.get $f) (i32.const 25)))))
      (local.set $e (i32.add (local.get $e) (local.get $a)))
      (local.set $bXorC (i32.xor (local.get $b) (local.get $c)))
      (local.set $a
        (i32.add
          (i32.add (local.get $a) (i32.xor (local.get $c) (i32.and (local.get $bXorC) (local.get $aXorB))))
          (i32.xor
            (i32.xor (i32.rotr (local.get $b) (i32.const 2)) (i32.rotr (local.get $b) (i32.const 13)))
            (i32.rotr (local.get $b) (i32.const 22)))))

      (local.set $schedule (i32.add (local.get $schedule) (i32.const 32)))
      (br_if $steps (i32.ne (local.get $schedule) (local.get $end))))
    (i32.store (local.get $to) (i32.add (i32.load (local.get $from)) (local.get $a)))
    (i32.store offset=4 (local.get $to) (i32.add (i32.load offset=4 (local.get $from)) (local.get $b)))
    (i32.store offset=8 (local.get $to) (i32.add (i32.load offset=8 (local.get $from)) (local.get $c)))
    (i32.store offset=12 (local.get $to) (i32.add (i32.load offset=12 (local.get $from)) (local.get $d)))
    (i32.store offset=16 (local.get $to) (i32.add (i32.load offset=16 (local.get $from)) (local.get $e)))
    (i32.store offset=20 (local.get $to) (i32.add (i32.load offset=20 (local.get $from)) (local.get $f)))
    (i32.store offset=24 (local.get $to) (i32.add (i32.load offset=24 (local.get $from)) (local.get $g)))
    (i32.store offset=28 (local.get $to) (i32.add (i32.load offset=28 (local.get $from)) (local.get $h))))

  ;; The schedule of one block. `words` are its 16 words; $w0 to $w3 hold the last 16 words made.
  (func $scheduleBlock (param $words i32) (param $constants i32) (param $schedule i32)
    (local $w0 v128) (local $w1 v128) (local $w2 v128) (local $w3 v128)
    (local $moved v128) (local $next v128) (local $end i32)
    (local.set $w0 (v128.load (local.get $words)))
    (local.set $w1 (v128.load offset=16 (local.get $words)))
    (local.set $w2 (v128.load offset=32 (local.get $words)))
    (local.set $w3 (v128.load offset=48 (local.get $words)))
    (v128.store (local.get $schedule) (i32x4.add (local.get $w0) (v128.load (local.get $constants))))
    (v128.store offset=16 (local.get $schedule) (i32x4.add (local.get $w1) (v128.load offset=16 (local.get $constants))))
    (v128.store offset=32 (local.get $schedule) (i32x4.add (local.get $w2) (v128.load offset=32 (local.get $constants))))
    (v128.store offset=48 (local.get $schedule) (i32x4.add (local.get $w3) (v128.load offset=48 (local.get $constants))))
    (local.set $end (i32.add (local.get $schedule) (i32.const 192)))
    (loop $quads
      ;; Words t - 15 to t - 12 go through sigma 0; words t - 7 to t - 4 are added as they are.
      (local.set $moved (i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 (local.get $w0) (local.get $w1)))
      (local.set $next
        (i32x4.add
          (i32x4.add
            (local.get $w0)
            (i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 (local.get $w2) (local.get $w3)))
          (v128.xor
            (v128.xor
              (v128.or (i32x4.shr_u (local.get $moved) (i32.const 7)) (i32x4.shl (local.get $moved) (i32.const 25)))
              (v128.or (i32x4.shr_u (local.get $moved) (i32.const 18)) (i32x4.shl (local.get $moved) (i32.const 14))))
            (i32x4.shr_u (local.get $moved) (i32.const 3)))))
      ;; Words t - 2 and t - 1 go through sigma 1 into the lower two new words, and these into the upper two.
      (local.set $moved
        (i8x16.shuffle 8 9 10 11 12 13 14 15 16 16 16 16 16 16 16 16
          (local.get $w3) (v128.const i32x4 0 0 0 0)))
      (local.set $next
        (i32x4.add
          (local.get $next)
          (v128.xor
            (v128.xor
              (v128.or (i32x4.shr_u (local.get $moved) (i32.const 17)) (i32x4.shl (local.get $moved) (i32.const 15)))
              (v128.or (i32x4.shr_u (local.get $moved) (i32.const 19)) (i32x4.shl (local.get $moved) (i32.const 13))))
            (i32x4.shr_u (local.get $moved) (i32.const 10)))))
      (local.set $moved
        (i8x16.shuffle 16 16 16 16 16 16 16 16 0 1 2 3 4 5 6 7
          (local.get $next) (v128.const i32x4 0 0 0 0)))
      (local.set $next
        (i32x4.add
          (local.get $next)
          (v128.xor
            (v128.xor
              (v128.or (i32x4.shr_u (local.get $moved) (i32.const 17)) (i32x4.shl (local.get $moved) (i32.const 15)))
              (v128.or (i32x4.shr_u (local.get $moved) (i32.const 19)) (i32x4.shl (local.get $moved) (i32.const 13))))
            (i32x4.shr_u (local.get $moved) (i32.const 10)))))
      (local.set $w0 (local.get $w1))
      (local.set $w1 (local.get $w2))
      (local.set $w2 (local.get $w3))
      (local.set $w3 (local.get $next))
      (v128.store offset=64 (local.get $schedule)
        (i32x4.add (local.get $next) (v128.load offset=64 (local.get $constants))))
      (local.set $schedule (i32.add (local.get $schedule) (i32.const 16)))
      (local.set $constants (i32.add (local.get $constants) (i32.const 16)))
      (br_if $quads (i32.ne (local.get $schedule) (local.get $end)))))

  ;; The schedules of four blocks at once. `words` are 16 vectors with one block in each lane and room for 48 more.
  (func $scheduleFourBlocks (param $words i32) (param $constants i32) (param $schedules i32)
    (local $early v128) (local $late v128) (local $word i32) (local $end i32)
    (local $row0 v128) (local $row1 v128) (local $row2 v128) (local $row3 v128)
    (local $low01 v128) (local $low23 v128) (local $high01 v128) (local $high23 v128)
    (local.set $word (local.get $words))
    (local.set $end (i32.add (local.get $words) (i32.const 768)))
    (loop $expand
      (local.set $early (v128.load offset=16 (local.get $word)))
      (local.set $late (v128.load offset=224 (local.get $word)))
      (v128.store offset=256 (local.get $word)
        (i32x4.add
          (i32x4.add (v128.load (local.get $word)) (v128.load offset=144 (local.get $word)))
          (i32x4.add
            (v128.xor
              (v128.xor
                (v128.or (i32x4.shr_u (local.get $early) (i32.const 7)) (i32x4.shl (local.get $early) (i32.const 25)))
                (v128.or (i32x4.shr_u (local.get $early) (i32.const 18)) (i32x4.shl (local.get $early) (i32.const 14))))
              (i32x4.shr_u (local.get $early) (i32.const 3)))
            (v128.xor
              (v128.xor
                (v128.or (i32x4.shr_u (local.get $late) (i32.const 17)) (i32x4.shl (local.get $late) (i32.const 15)))
                (v128.or (i32x4.shr_u (local.get $late) (i32.const 19)) (i32x4.shl (local.get $late) (i32.const 13))))
              (i32x4.shr_u (local.get $late) (i32.const 10))))))
      (local.set $word (i32.add (local.get $word) (i32.const 16)))
      (br_if $expand (i32.ne (local.get $word) (local.get $end))))

    ;; Add the constants and transpose, so that each block gets a schedule of its own.
    (local.set $word (local.get $words))
    (local.set $end (i32.add (local.get $words) (i32.const 1024)))
    (loop $transpose
      (local.set $row0
        (i32x4.add (v128.load (local.get $word)) (v128.load32_splat (local.get $constants))))
      (local.set $row1
        (i32x4.add (v128.load offset=16 (local.get $word)) (v128.load32_splat offset=4 (local.get $constants))))
      (local.set $row2
        (i32x4.add (v128.load offset=32 (local.get $word)) (v128.load32_splat offset=8 (local.get $constants))))
      (local.set $row3
        (i32x4.add (v128.load offset=48 (local.get $word)) (v128.load32_splat offset=12 (local.get $constants))))
      (local.set $low01 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $row0) (local.get $row1)))
      (local.set $low23 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $row2) (local.get $row3)))
      (local.set $high01 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $row0) (local.get $row1)))
      (local.set $high23 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $row2) (local.get $row3)))
      (v128.store (local.get $schedules)
        (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $low01) (local.get $low23)))
      (v128.store offset=256 (local.get $schedules)
        (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $low01) (local.get $low23)))
      (v128.store offset=512 (local.get $schedules)
        (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $high01) (local.get $high23)))
      (v128.store offset=768 (local.get $schedules)
        (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $high01) (local.get $high23)))
      (local.set $schedules (i32.add (local.get $schedules) (i32.const 16)))
      (local.set $constants (i32.add (local.get $constants) (i32.const 16)))
      (local.set $word (i32.add (local.get $word) (i32.const 64)))
      (br_if $transpose (i32.ne (local.get $word) (local.get $end)))))

  ;; Does the rounds `first` to `first + count - 1`; `count` is a multiple of four. Carries on from `last` in the state.
  (func (export "stretch") (param $state i32) (param $first i32) (param $count i32)
    (local $end i32) (local $constants i32) (local $middle i32) (local $schedule i32)
    (local $words i32) (local $schedules i32) (local $schedulesEnd i32) (local $ofRound i32)
    (if (i32.eqz (local.get $count)) (then (return)))
    (local.set $end (i32.add (local.get $first) (local.get $count)))
    (local.set $constants (i32.add (local.get $state) (i32.const 128)))
    (local.set $middle (i32.add (local.get $state) (i32.const 384)))
    (local.set $schedule (i32.add (local.get $state) (i32.const 512)))
    (local.set $words (i32.add (local.get $state) (i32.const 1024)))
    (local.set $schedules (i32.add (local.get $state) (i32.const 2048)))
    (local.set $schedulesEnd (i32.add (local.get $state) (i32.const 3072)))

    ;; Block 2: the salt, two words for the round, then the padding.
    (v128.store (local.get $words) (v128.load32_splat offset=64 (local.get $state)))
    (v128.store offset=16 (local.get $words) (v128.load32_splat offset=68 (local.get $state)))
    (v128.store offset=32 (local.get $words) (v128.load32_splat offset=72 (local.get $state)))
    (v128.store offset=48 (local.get $words) (v128.load32_splat offset=76 (local.get $state)))
    (memory.fill (i32.add (local.get $words) (i32.const 64)) (i32.const 0) (i32.const 192))
    (v128.store offset=96 (local.get $words) (i32x4.splat (i32.const 0x80000000)))
    (v128.store offset=240 (local.get $words) (i32x4.splat (i32.const 704)))

    (loop $fourRounds
      ;; The numbers of four rounds, their bytes swapped because they stand little-endian in the message.
      (v128.store offset=64 (local.get $words)
        (i8x16.shuffle 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12
          (i32x4.add (i32x4.splat (local.get $first)) (v128.const i32x4 0 1 2 3))
          (v128.const i32x4 0 0 0 0)))
      (call $scheduleFourBlocks (local.get $words) (local.get $constants) (local.get $schedules))
      (local.set $ofRound (local.get $schedules))
      (loop $rounds
        (call $scheduleBlock (local.get $state) (local.get $constants) (local.get $schedule))
        (call $compress (i32.add (local.get $state) (i32.const 96)) (local.get $middle) (local.get $schedule))
        (call $compress (local.get $middle) (local.get $state) (local.get $ofRound))
        (local.set $ofRound (i32.add (local.get $ofRound) (i32.const 256)))
        (br_if $rounds (i32.ne (local.get $ofRound) (local.get $schedulesEnd))))
      (local.set $first (i32.add (local.get $first) (i32.const 4)))
      (br_if $fourRounds (i32.ne (local.get $first) (local.get $end))))))
