;; MD5 (RFC 1321) of eight independent messages at once: one message in each 32-bit lane of two vectors.
;;
;; A step of MD5 needs the result of the step before it, so one message leaves most of the processor idle. Two vectors of
;; four messages fill it. The rounds are loops of four steps, because compilers order straight code message after
;; message, and a processor looks only a few hundred instructions ahead: it would then work on one vector at a time.
;;
;; The caller owns a state of 1,536 bytes in the arena:
;;      0  a, b, c, d of lanes 0 to 3, then of lanes 4 to 7: eight vectors
;;    128  address of the next 64-byte block of each lane: eight numbers of 32 bits
;;    160  how far each lane's address moves after a block: 64, or 0 for a lane that idles on one block
;;    256  scratch: the 16 words of the current block, each as two vectors, all of them twice so that the rounds that
;;         visit the words out of order can walk on beyond the sixteenth
;;   1280  the 64 constants, put there by initialize
(module
  (import "arena" "memory" (memory 1 65536))

  ;; floor(2^32 * abs(sin(i + 1))) for i = 0 to 63, little-endian.
  (data $constants
    "\78\a4\6a\d7\56\b7\c7\e8\db\70\20\24\ee\ce\bd\c1\af\0f\7c\f5\2a\c6\87\47\13\46\30\a8\01\95\46\fd"
    "\d8\98\80\69\af\f7\44\8b\b1\5b\ff\ff\be\d7\5c\89\22\11\90\6b\93\71\98\fd\8e\43\79\a6\21\08\b4\49"
    "\62\25\1e\f6\40\b3\40\c0\51\5a\5e\26\aa\c7\b6\e9\5d\10\2f\d6\53\14\44\02\81\e6\a1\d8\c8\fb\d3\e7"
    "\e6\cd\e1\21\d6\07\37\c3\87\0d\d5\f4\ed\14\5a\45\05\e9\e3\a9\f8\a3\ef\fc\d9\02\6f\67\8a\4c\2a\8d"
    "\42\39\fa\ff\81\f6\71\87\22\61\9d\6d\0c\38\e5\fd\44\ea\be\a4\a9\cf\de\4b\60\4b\bb\f6\70\bc\bf\be"
    "\c6\7e\9b\28\fa\27\a1\ea\85\30\ef\d4\05\1d\88\04\39\d0\d4\d9\e5\99\db\e6\f8\7c\a2\1f\65\56\ac\c4"
    "\44\22\29\f4\97\ff\2a\43\a7\23\94\ab\39\a0\93\fc\c3\59\5b\65\92\cc\0c\8f\7d\f4\ef\ff\d1\5d\84\85"
    "\4f\7e\a8\6f\e0\e6\2c\fe\14\43\01\a3\a1\11\08\4e\82\7e\53\f7\35\f2\3a\bd\bb\d2\d7\2a\91\d3\86\eb")

  ;; Must be called once for each state, before digestBlocks.
  (func (export "initialize") (param $state i32)
    (memory.init $constants (i32.add (local.get $state) (i32.const 1280)) (i32.const 0) (i32.const 256)))

  ;; Takes `blockCount` blocks from every lane and leaves the addresses behind them.
  (func (export "digestBlocks") (param $state i32) (param $blockCount i32)
    (local $a0 v128) (local $b0 v128) (local $c0 v128) (local $d0 v128)
    (local $a1 v128) (local $b1 v128) (local $c1 v128) (local $d1 v128)
    (local $sum0 v128) (local $sum1 v128) (local $constant v128)
    (local $row0 v128) (local $row1 v128) (local $row2 v128) (local $row3 v128)
    (local $low01 v128) (local $low23 v128) (local $high01 v128) (local $high23 v128) (local $transposed v128)
    (local $lane0 i32) (local $lane1 i32) (local $lane2 i32) (local $lane3 i32)
    (local $lane4 i32) (local $lane5 i32) (local $lane6 i32) (local $lane7 i32)
    (local $column i32) (local $word i32) (local $constants i32) (local $roundEnd i32)
    (if (i32.eqz (local.get $blockCount)) (then (return)))

    (loop $blocks
      ;; Transpose: four words of four lanes at a time, from rows in the messages to a vector for each word.
      (local.set $lane0 (i32.load offset=128 (local.get $state)))
      (local.set $lane1 (i32.load offset=132 (local.get $state)))
      (local.set $lane2 (i32.load offset=136 (local.get $state)))
      (local.set $lane3 (i32.load offset=140 (local.get $state)))
      (local.set $lane4 (i32.load offset=144 (local.get $state)))
      (local.set $lane5 (i32.load offset=148 (local.get $state)))
      (local.set $lane6 (i32.load offset=152 (local.get $state)))
      (local.set $lane7 (i32.load offset=156 (local.get $state)))
      (local.set $column (i32.const 0))
      (local.set $word (local.get $state))
      (loop $quarters
        ;; Lanes 0 to 3.
        (local.set $row0 (v128.load (i32.add (local.get $lane0) (local.get $column))))
        (local.set $row1 (v128.load (i32.add (local.get $lane1) (local.get $column))))
        (local.set $row2 (v128.load (i32.add (local.get $lane2) (local.get $column))))
        (local.set $row3 (v128.load (i32.add (local.get $lane3) (local.get $column))))
        (local.set $low01 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $row0) (local.get $row1)))
        (local.set $low23 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $row2) (local.get $row3)))
        (local.set $high01 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $row0) (local.get $row1)))
        (local.set $high23 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $row2) (local.get $row3)))
        (local.set $transposed (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $low01) (local.get $low23)))
        (v128.store offset=256 (local.get $word) (local.get $transposed))
        (v128.store offset=768 (local.get $word) (local.get $transposed))
        (local.set $transposed (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $low01) (local.get $low23)))
        (v128.store offset=288 (local.get $word) (local.get $transposed))
        (v128.store offset=800 (local.get $word) (local.get $transposed))
        (local.set $transposed (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $high01) (local.get $high23)))
        (v128.store offset=320 (local.get $word) (local.get $transposed))
        (v128.store offset=832 (local.get $word) (local.get $transposed))
        (local.set $transposed (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $high01) (local.get $high23)))
        (v128.store offset=352 (local.get $word) (local.get $transposed))
        (v128.store offset=864 (local.get $word) (local.get $transposed))
        ;; Lanes 4 to 7.
        (local.set $row0 (v128.load (i32.add (local.get $lane4) (local.get $column))))
        (local.set $row1 (v128.load (i32.add (local.get $lane5) (local.get $column))))
        (local.set $row2 (v128.load (i32.add (local.get $lane6) (local.get $column))))
        (local.set $row3 (v128.load (i32.add (local.get $lane7) (local.get $column))))
        (local.set $low01 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $row0) (local.get $row1)))
        (local.set $low23 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $row2) (local.get $row3)))
        (local.set $high01 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $row0) (local.get $row1)))
        (local.set $high23 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $row2) (local.get $row3)))
        (local.set $transposed (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $low01) (local.get $low23)))
        (v128.store offset=272 (local.get $word) (local.get $transposed))
        (v128.store offset=784 (local.get $word) (local.get $transposed))
        (local.set $transposed (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $low01) (local.get $low23)))
        (v128.store offset=304 (local.get $word) (local.get $transposed))
        (v128.store offset=816 (local.get $word) (local.get $transposed))
        (local.set $transposed (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $high01) (local.get $high23)))
        (v128.store offset=336 (local.get $word) (local.get $transposed))
        (v128.store offset=848 (local.get $word) (local.get $transposed))
        (local.set $transposed (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $high01) (local.get $high23)))
        (v128.store offset=368 (local.get $word) (local.get $transposed))
        (v128.store offset=880 (local.get $word) (local.get $transposed))
        (local.set $word (i32.add (local.get $word) (i32.const 128)))
        (local.set $column (i32.add (local.get $column) (i32.const 16)))
        (br_if $quarters (i32.ne (local.get $column) (i32.const 64))))

      (local.set $a0 (v128.load (local.get $state)))
      (local.set $b0 (v128.load offset=16 (local.get $state)))
      (local.set $c0 (v128.load offset=32 (local.get $state)))
      (local.set $d0 (v128.load offset=48 (local.get $state)))
      (local.set $a1 (v128.load offset=64 (local.get $state)))
      (local.set $b1 (v128.load offset=80 (local.get $state)))
      (local.set $c1 (v128.load offset=96 (local.get $state)))
      (local.set $d1 (v128.load offset=112 (local.get $state)))
      (local.set $constants (i32.add (local.get $state) (i32.const 1280)))

      ;; Round 1: F = d ^ (b & (c ^ d)); words 0, 1, 2, ...
      (local.set $word (i32.add (local.get $state) (i32.const 256)))
      (local.set $roundEnd (i32.add (local.get $state) (i32.const 768)))
      (loop $round1
        (local.set $constant (v128.load32_splat (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $a0) (local.get $constant)) (v128.load (local.get $word)))
            (v128.xor (local.get $d0) (v128.and (local.get $b0) (v128.xor (local.get $c0) (local.get $d0))))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $a1) (local.get $constant)) (v128.load offset=16 (local.get $word)))
            (v128.xor (local.get $d1) (v128.and (local.get $b1) (v128.xor (local.get $c1) (local.get $d1))))))
        (local.set $a0
          (i32x4.add
            (local.get $b0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 7)) (i32x4.shr_u (local.get $sum0) (i32.const 25)))))
        (local.set $a1
          (i32x4.add
            (local.get $b1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 7)) (i32x4.shr_u (local.get $sum1) (i32.const 25)))))
        (local.set $constant (v128.load32_splat offset=4 (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $d0) (local.get $constant)) (v128.load offset=32 (local.get $word)))
            (v128.xor (local.get $c0) (v128.and (local.get $a0) (v128.xor (local.get $b0) (local.get $c0))))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $d1) (local.get $constant)) (v128.load offset=48 (local.get $word)))
            (v128.xor (local.get $c1) (v128.and (local.get $a1) (v128.xor (local.get $b1) (local.get $c1))))))
        (local.set $d0
          (i32x4.add
            (local.get $a0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 12)) (i32x4.shr_u (local.get $sum0) (i32.const 20)))))
        (local.set $d1
          (i32x4.add
            (local.get $a1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 12)) (i32x4.shr_u (local.get $sum1) (i32.const 20)))))
        (local.set $constant (v128.load32_splat offset=8 (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $c0) (local.get $constant)) (v128.load offset=64 (local.get $word)))
            (v128.xor (local.get $b0) (v128.and (local.get $d0) (v128.xor (local.get $a0) (local.get $b0))))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $c1) (local.get $constant)) (v128.load offset=80 (local.get $word)))
            (v128.xor (local.get $b1) (v128.and (local.get $d1) (v128.xor (local.get $a1) (local.get $b1))))))
        (local.set $c0
          (i32x4.add
            (local.get $d0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 17)) (i32x4.shr_u (local.get $sum0) (i32.const 15)))))
        (local.set $c1
          (i32x4.add
            (local.get $d1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 17)) (i32x4.shr_u (local.get $sum1) (i32.const 15)))))
        (local.set $constant (v128.load32_splat offset=12 (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $b0) (local.get $constant)) (v128.load offset=96 (local.get $word)))
            (v128.xor (local.get $a0) (v128.and (local.get $c0) (v128.xor (local.get $d0) (local.get $a0))))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $b1) (local.get $constant)) (v128.load offset=112 (local.get $word)))
            (v128.xor (local.get $a1) (v128.and (local.get $c1) (v128.xor (local.get $d1) (local.get $a1))))))
        (local.set $b0
          (i32x4.add
            (local.get $c0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 22)) (i32x4.shr_u (local.get $sum0) (i32.const 10)))))
        (local.set $b1
          (i32x4.add
            (local.get $c1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 22)) (i32x4.shr_u (local.get $sum1) (i32.const 10)))))
        (local.set $constants (i32.add (local.get $constants) (i32.const 16)))
        (local.set $word (i32.add (local.get $word) (i32.const 128)))
        (br_if $round1 (i32.ne (local.get $word) (local.get $roundEnd))))

      ;; Round 2: G = (b & d) + (c & ~d), whose halves never overlap; words 1, 6, 11, 0, then four further.
      (local.set $word (i32.add (local.get $state) (i32.const 256)))
      (local.set $roundEnd (i32.add (local.get $state) (i32.const 768)))
      (loop $round2
        (local.set $constant (v128.load32_splat (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $a0) (local.get $constant)) (v128.load offset=32 (local.get $word)))
            (i32x4.add (v128.andnot (local.get $c0) (local.get $d0)) (v128.and (local.get $b0) (local.get $d0)))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $a1) (local.get $constant)) (v128.load offset=48 (local.get $word)))
            (i32x4.add (v128.andnot (local.get $c1) (local.get $d1)) (v128.and (local.get $b1) (local.get $d1)))))
        (local.set $a0
          (i32x4.add
            (local.get $b0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 5)) (i32x4.shr_u (local.get $sum0) (i32.const 27)))))
        (local.set $a1
          (i32x4.add
            (local.get $b1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 5)) (i32x4.shr_u (local.get $sum1) (i32.const 27)))))
        (local.set $constant (v128.load32_splat offset=4 (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $d0) (local.get $constant)) (v128.load offset=192 (local.get $word)))
            (i32x4.add (v128.andnot (local.get $b0) (local.get $c0)) (v128.and (local.get $a0) (local.get $c0)))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $d1) (local.get $constant)) (v128.load offset=208 (local.get $word)))
            (i32x4.add (v128.andnot (local.get $b1) (local.get $c1)) (v128.and (local.get $a1) (local.get $c1)))))
        (local.set $d0
          (i32x4.add
            (local.get $a0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 9)) (i32x4.shr_u (local.get $sum0) (i32.const 23)))))
        (local.set $d1
          (i32x4.add
            (local.get $a1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 9)) (i32x4.shr_u (local.get $sum1) (i32.const 23)))))
        (local.set $constant (v128.load32_splat offset=8 (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $c0) (local.get $constant)) (v128.load offset=352 (local.get $word)))
            (i32x4.add (v128.andnot (local.get $a0) (local.get $b0)) (v128.and (local.get $d0) (local.get $b0)))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $c1) (local.get $constant)) (v128.load offset=368 (local.get $word)))
            (i32x4.add (v128.andnot (local.get $a1) (local.get $b1)) (v128.and (local.get $d1) (local.get $b1)))))
        (local.set $c0
          (i32x4.add
            (local.get $d0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 14)) (i32x4.shr_u (local.get $sum0) (i32.const 18)))))
        (local.set $c1
          (i32x4.add
            (local.get $d1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 14)) (i32x4.shr_u (local.get $sum1) (i32.const 18)))))
        (local.set $constant (v128.load32_splat offset=12 (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $b0) (local.get $constant)) (v128.load (local.get $word)))
            (i32x4.add (v128.andnot (local.get $d0) (local.get $a0)) (v128.and (local.get $c0) (local.get $a0)))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $b1) (local.get $constant)) (v128.load offset=16 (local.get $word)))
            (i32x4.add (v128.andnot (local.get $d1) (local.get $a1)) (v128.and (local.get $c1) (local.get $a1)))))
        (local.set $b0
          (i32x4.add
            (local.get $c0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 20)) (i32x4.shr_u (local.get $sum0) (i32.const 12)))))
        (local.set $b1
          (i32x4.add
            (local.get $c1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 20)) (i32x4.shr_u (local.get $sum1) (i32.const 12)))))
        (local.set $constants (i32.add (local.get $constants) (i32.const 16)))
        (local.set $word (i32.add (local.get $word) (i32.const 128)))
        (br_if $round2 (i32.ne (local.get $word) (local.get $roundEnd))))

      ;; Round 3: H = b ^ c ^ d; words 5, 8, 11, 14, then four less, which is twelve further modulo 16.
      (local.set $word (i32.add (local.get $state) (i32.const 768)))
      (local.set $roundEnd (i32.add (local.get $state) (i32.const 256)))
      (loop $round3
        (local.set $constant (v128.load32_splat (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $a0) (local.get $constant)) (v128.load offset=160 (local.get $word)))
            (v128.xor (local.get $b0) (v128.xor (local.get $c0) (local.get $d0)))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $a1) (local.get $constant)) (v128.load offset=176 (local.get $word)))
            (v128.xor (local.get $b1) (v128.xor (local.get $c1) (local.get $d1)))))
        (local.set $a0
          (i32x4.add
            (local.get $b0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 4)) (i32x4.shr_u (local.get $sum0) (i32.const 28)))))
        (local.set $a1
          (i32x4.add
            (local.get $b1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 4)) (i32x4.shr_u (local.get $sum1) (i32.const 28)))))
        (local.set $constant (v128.load32_splat offset=4 (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $d0) (local.get $constant)) (v128.load offset=256 (local.get $word)))
            (v128.xor (local.get $a0) (v128.xor (local.get $b0) (local.get $c0)))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $d1) (local.get $constant)) (v128.load offset=272 (local.get $word)))
            (v128.xor (local.get $a1) (v128.xor (local.get $b1) (local.get $c1)))))
        (local.set $d0
          (i32x4.add
            (local.get $a0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 11)) (i32x4.shr_u (local.get $sum0) (i32.const 21)))))
        (local.set $d1
          (i32x4.add
            (local.get $a1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 11)) (i32x4.shr_u (local.get $sum1) (i32.const 21)))))
        (local.set $constant (v128.load32_splat offset=8 (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $c0) (local.get $constant)) (v128.load offset=352 (local.get $word)))
            (v128.xor (local.get $d0) (v128.xor (local.get $a0) (local.get $b0)))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $c1) (local.get $constant)) (v128.load offset=368 (local.get $word)))
            (v128.xor (local.get $d1) (v128.xor (local.get $a1) (local.get $b1)))))
        (local.set $c0
          (i32x4.add
            (local.get $d0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 16)) (i32x4.shr_u (local.get $sum0) (i32.const 16)))))
        (local.set $c1
          (i32x4.add
            (local.get $d1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 16)) (i32x4.shr_u (local.get $sum1) (i32.const 16)))))
        (local.set $constant (v128.load32_splat offset=12 (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $b0) (local.get $constant)) (v128.load offset=448 (local.get $word)))
            (v128.xor (local.get $c0) (v128.xor (local.get $d0) (local.get $a0)))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $b1) (local.get $constant)) (v128.load offset=464 (local.get $word)))
            (v128.xor (local.get $c1) (v128.xor (local.get $d1) (local.get $a1)))))
        (local.set $b0
          (i32x4.add
            (local.get $c0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 23)) (i32x4.shr_u (local.get $sum0) (i32.const 9)))))
        (local.set $b1
          (i32x4.add
            (local.get $c1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 23)) (i32x4.shr_u (local.get $sum1) (i32.const 9)))))
        (local.set $constants (i32.add (local.get $constants) (i32.const 16)))
        (local.set $word (i32.add (local.get $word) (i32.const -128)))
        (br_if $round3 (i32.ne (local.get $word) (local.get $roundEnd))))

      ;; Round 4: I = c ^ (b | ~d); words 0, 7, 14, 5, then four less.
      (local.set $word (i32.add (local.get $state) (i32.const 768)))
      (local.set $roundEnd (i32.add (local.get $state) (i32.const 256)))
      (loop $round4
        (local.set $constant (v128.load32_splat (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $a0) (local.get $constant)) (v128.load (local.get $word)))
            (v128.xor (local.get $c0) (v128.or (local.get $b0) (v128.not (local.get $d0))))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $a1) (local.get $constant)) (v128.load offset=16 (local.get $word)))
            (v128.xor (local.get $c1) (v128.or (local.get $b1) (v128.not (local.get $d1))))))
        (local.set $a0
          (i32x4.add
            (local.get $b0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 6)) (i32x4.shr_u (local.get $sum0) (i32.const 26)))))
        (local.set $a1
          (i32x4.add
            (local.get $b1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 6)) (i32x4.shr_u (local.get $sum1) (i32.const 26)))))
        (local.set $constant (v128.load32_splat offset=4 (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $d0) (local.get $constant)) (v128.load offset=224 (local.get $word)))
            (v128.xor (local.get $b0) (v128.or (local.get $a0) (v128.not (local.get $c0))))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $d1) (local.get $constant)) (v128.load offset=240 (local.get $word)))
            (v128.xor (local.get $b1) (v128.or (local.get $a1) (v128.not (local.get $c1))))))
        (local.set $d0
          (i32x4.add
            (local.get $a0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 10)) (i32x4.shr_u (local.get $sum0) (i32.const 22)))))
        (local.set $d1
          (i32x4.add
            (local.get $a1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 10)) (i32x4.shr_u (local.get $sum1) (i32.const 22)))))
        (local.set $constant (v128.load32_splat offset=8 (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $c0) (local.get $constant)) (v128.load offset=448 (local.get $word)))
            (v128.xor (local.get $a0) (v128.or (local.get $d0) (v128.not (local.get $b0))))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $c1) (local.get $constant)) (v128.load offset=464 (local.get $word)))
            (v128.xor (local.get $a1) (v128.or (local.get $d1) (v128.not (local.get $b1))))))
        (local.set $c0
          (i32x4.add
            (local.get $d0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 15)) (i32x4.shr_u (local.get $sum0) (i32.const 17)))))
        (local.set $c1
          (i32x4.add
            (local.get $d1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 15)) (i32x4.shr_u (local.get $sum1) (i32.const 17)))))
        (local.set $constant (v128.load32_splat offset=12 (local.get $constants)))
        (local.set $sum0
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $b0) (local.get $constant)) (v128.load offset=160 (local.get $word)))
            (v128.xor (local.get $d0) (v128.or (local.get $c0) (v128.not (local.get $a0))))))
        (local.set $sum1
          (i32x4.add
            (i32x4.add (i32x4.add (local.get $b1) (local.get $constant)) (v128.load offset=176 (local.get $word)))
            (v128.xor (local.get $d1) (v128.or (local.get $c1) (v128.not (local.get $a1))))))
        (local.set $b0
          (i32x4.add
            (local.get $c0)
            (v128.or (i32x4.shl (local.get $sum0) (i32.const 21)) (i32x4.shr_u (local.get $sum0) (i32.const 11)))))
        (local.set $b1
          (i32x4.add
            (local.get $c1)
            (v128.or (i32x4.shl (local.get $sum1) (i32.const 21)) (i32x4.shr_u (local.get $sum1) (i32.const 11)))))
        (local.set $constants (i32.add (local.get $constants) (i32.const 16)))
        (local.set $word (i32.add (local.get $word) (i32.const -128)))
        (br_if $round4 (i32.ne (local.get $word) (local.get $roundEnd))))

      (v128.store (local.get $state) (i32x4.add (local.get $a0) (v128.load (local.get $state))))
      (v128.store offset=16 (local.get $state) (i32x4.add (local.get $b0) (v128.load offset=16 (local.get $state))))
      (v128.store offset=32 (local.get $state) (i32x4.add (local.get $c0) (v128.load offset=32 (local.get $state))))
      (v128.store offset=48 (local.get $state) (i32x4.add (local.get $d0) (v128.load offset=48 (local.get $state))))
      (v128.store offset=64 (local.get $state) (i32x4.add (local.get $a1) (v128.load offset=64 (local.get $state))))
      (v128.store offset=80 (local.get $state) (i32x4.add (local.get $b1) (v128.load offset=80 (local.get $state))))
      (v128.store offset=96 (local.get $state) (i32x4.add (local.get $c1) (v128.load offset=96 (local.get $state))))
      (v128.store offset=112 (local.get $state) (i32x4.add (local.get $d1) (v128.load offset=112 (local.get $state))))
      (v128.store offset=128 (local.get $state)
        (i32x4.add (v128.load offset=128 (local.get $state)) (v128.load offset=160 (local.get $state))))
      (v128.store offset=144 (local.get $state)
        (i32x4.add (v128.load offset=144 (local.get $state)) (v128.load offset=176 (local.get $state))))
      (br_if $blocks (local.tee $blockCount (i32.sub (local.get $blockCount) (i32.const 1)))))))
