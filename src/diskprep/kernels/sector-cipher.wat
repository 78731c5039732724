;; What a disk cipher needs around the electronic-codebook calls of the platform: numbers of sectors, the whitening of
;; XTS-AES (IEEE 1619), and the rows of AES-CBC. Everything is exclusive-or, shift and move; AES itself and the keys
;; never come here.
;;
;; All addresses are byte offsets in the arena. Data may begin anywhere; sectors follow each other without gaps.
(module
  (import "arena" "memory" (memory 1 65536))

  ;; Writes `count` numbers, 16 bytes little-endian each: start, start + step, ... The upper eight bytes are zero.
  (func (export "writeNumbers")
    (param $target i32) (param $count i32) (param $startLow i32) (param $startHigh i32) (param $step i32)
    (local $number i64)
    (if (i32.eqz (local.get $count)) (then (return)))
    (local.set $number
      (i64.or
        (i64.shl (i64.extend_i32_u (local.get $startHigh)) (i64.const 32))
        (i64.extend_i32_u (local.get $startLow))))
    (loop $numbers
      (i64.store (local.get $target) (local.get $number))
      (i64.store offset=8 (local.get $target) (i64.const 0))
      (local.set $number (i64.add (local.get $number) (i64.extend_i32_u (local.get $step))))
      (local.set $target (i32.add (local.get $target) (i32.const 16)))
      (br_if $numbers (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  ;; XORs each sector with its tweaks. `tweaks` holds the first tweak of each sector, 16 bytes each.
  ;; `blocksInSector` is a multiple of 32 and not 0.
  ;;
  ;; The next tweak is the last one times x in GF(2^128), little-endian as XTS wants it: every 32-bit lane is shifted by
  ;; one, the bit that falls out of a lane enters the next lane, and the bit that falls out of the top comes back as
  ;; x^7 + x^2 + x + 1. Each doubling waits for the one before it, so both halves of a sector are done side by side.
  (func (export "whiten")
    (param $data i32) (param $tweaks i32) (param $sectorCount i32) (param $blocksInSector i32)
    (local $tweak v128) (local $halfTweak v128) (local $overflow v128) (local $carry v128)
    (local $half i32) (local $halfSize i32) (local $end i32)
    (local.set $carry (v128.const i32x4 0x87 1 1 1))
    (local.set $halfSize (i32.shl (local.get $blocksInSector) (i32.const 3)))
    (if (i32.eqz (local.get $sectorCount)) (then (return)))
    (loop $sectors
      (local.set $tweak (v128.load (local.get $tweaks)))
      (local.set $half (i32.add (local.get $data) (local.get $halfSize)))

      ;; The tweak of the second half: times x^16 for every 16 blocks. Two bytes fall out of the top.
      (local.set $halfTweak (local.get $tweak))
      (local.set $end (local.get $halfSize))
      (loop $sixteenBlocks
        (local.set $overflow
          (i8x16.shuffle 14 15 16 16 16 16 16 16 16 16 16 16 16 16 16 16
            (local.get $halfTweak) (v128.const i32x4 0 0 0 0)))
        (local.set $halfTweak
          (v128.xor
            (v128.xor
              (i8x16.shuffle 16 16 0 1 2 3 4 5 6 7 8 9 10 11 12 13
                (local.get $halfTweak) (v128.const i32x4 0 0 0 0))
              (i32x4.shl (local.get $overflow) (i32.const 7)))
            (v128.xor
              (v128.xor (local.get $overflow) (i32x4.shl (local.get $overflow) (i32.const 1)))
              (i32x4.shl (local.get $overflow) (i32.const 2)))))
        (br_if $sixteenBlocks (local.tee $end (i32.sub (local.get $end) (i32.const 256)))))

      (local.set $end (local.get $half))
      (loop $blocks
        (v128.store (local.get $data) (v128.xor (local.get $tweak) (v128.load (local.get $data))))
        (local.set $tweak
          (v128.xor
            (i32x4.shl (local.get $tweak) (i32.const 1))
            (v128.and
              (local.get $carry)
              (i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
                (i32x4.shr_s (local.get $tweak) (i32.const 31)) (local.get $tweak)))))
        (v128.store (local.get $half) (v128.xor (local.get $halfTweak) (v128.load (local.get $half))))
        (local.set $halfTweak
          (v128.xor
            (i32x4.shl (local.get $halfTweak) (i32.const 1))
            (v128.and
              (local.get $carry)
              (i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
                (i32x4.shr_s (local.get $halfTweak) (i32.const 31)) (local.get $halfTweak)))))
        (v128.store offset=16 (local.get $data) (v128.xor (local.get $tweak) (v128.load offset=16 (local.get $data))))
        (local.set $tweak
          (v128.xor
            (i32x4.shl (local.get $tweak) (i32.const 1))
            (v128.and
              (local.get $carry)
              (i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
                (i32x4.shr_s (local.get $tweak) (i32.const 31)) (local.get $tweak)))))
        (v128.store offset=16 (local.get $half) (v128.xor (local.get $halfTweak) (v128.load offset=16 (local.get $half))))
        (local.set $halfTweak
          (v128.xor
            (i32x4.shl (local.get $halfTweak) (i32.const 1))
            (v128.and
              (local.get $carry)
              (i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
                (i32x4.shr_s (local.get $halfTweak) (i32.const 31)) (local.get $halfTweak)))))
        (v128.store offset=32 (local.get $data) (v128.xor (local.get $tweak) (v128.load offset=32 (local.get $data))))
        (local.set $tweak
          (v128.xor
            (i32x4.shl (local.get $tweak) (i32.const 1))
            (v128.and
              (local.get $carry)
              (i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
                (i32x4.shr_s (local.get $tweak) (i32.const 31)) (local.get $tweak)))))
        (v128.store offset=32 (local.get $half) (v128.xor (local.get $halfTweak) (v128.load offset=32 (local.get $half))))
        (local.set $halfTweak
          (v128.xor
            (i32x4.shl (local.get $halfTweak) (i32.const 1))
            (v128.and
              (local.get $carry)
              (i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
                (i32x4.shr_s (local.get $halfTweak) (i32.const 31)) (local.get $halfTweak)))))
        (v128.store offset=48 (local.get $data) (v128.xor (local.get $tweak) (v128.load offset=48 (local.get $data))))
        (local.set $tweak
          (v128.xor
            (i32x4.shl (local.get $tweak) (i32.const 1))
            (v128.and
              (local.get $carry)
              (i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
                (i32x4.shr_s (local.get $tweak) (i32.const 31)) (local.get $tweak)))))
        (v128.store offset=48 (local.get $half) (v128.xor (local.get $halfTweak) (v128.load offset=48 (local.get $half))))
        (local.set $halfTweak
          (v128.xor
            (i32x4.shl (local.get $halfTweak) (i32.const 1))
            (v128.and
              (local.get $carry)
              (i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
                (i32x4.shr_s (local.get $halfTweak) (i32.const 31)) (local.get $halfTweak)))))
        (local.set $half (i32.add (local.get $half) (i32.const 64)))
        (local.set $data (i32.add (local.get $data) (i32.const 64)))
        (br_if $blocks (i32.ne (local.get $data) (local.get $end))))
      (local.set $data (local.get $half))
      (local.set $tweaks (i32.add (local.get $tweaks) (i32.const 16)))
      (br_if $sectors (local.tee $sectorCount (i32.sub (local.get $sectorCount) (i32.const 1))))))

  ;; Takes four neighbouring blocks (one line of the processor's cache) of every sector and lays them out as four rows:
  ;; row r holds block r of all sectors. `data` is the first of the four blocks in the first sector. The first row comes
  ;; out XORed with `previous`, the row before it.
  (func (export "gatherRows")
    (param $data i32) (param $rows i32) (param $previous i32) (param $sectorCount i32) (param $sectorSize i32)
    (local $row1 i32) (local $row2 i32) (local $row3 i32) (local $rowSize i32)
    (if (i32.eqz (local.get $sectorCount)) (then (return)))
    (local.set $rowSize (i32.shl (local.get $sectorCount) (i32.const 4)))
    (local.set $row1 (i32.add (local.get $rows) (local.get $rowSize)))
    (local.set $row2 (i32.add (local.get $row1) (local.get $rowSize)))
    (local.set $row3 (i32.add (local.get $row2) (local.get $rowSize)))
    (loop $sectors
      (v128.store (local.get $rows)
        (v128.xor (v128.load (local.get $data)) (v128.load (local.get $previous))))
      (v128.store (local.get $row1) (v128.load offset=16 (local.get $data)))
      (v128.store (local.get $row2) (v128.load offset=32 (local.get $data)))
      (v128.store (local.get $row3) (v128.load offset=48 (local.get $data)))
      (local.set $data (i32.add (local.get $data) (local.get $sectorSize)))
      (local.set $previous (i32.add (local.get $previous) (i32.const 16)))
      (local.set $rows (i32.add (local.get $rows) (i32.const 16)))
      (local.set $row1 (i32.add (local.get $row1) (i32.const 16)))
      (local.set $row2 (i32.add (local.get $row2) (i32.const 16)))
      (local.set $row3 (i32.add (local.get $row3) (i32.const 16)))
      (br_if $sectors (local.tee $sectorCount (i32.sub (local.get $sectorCount) (i32.const 1))))))

  ;; Puts four rows back to where $gatherRows took them from.
  (func (export "scatterRows")
    (param $data i32) (param $rows i32) (param $sectorCount i32) (param $sectorSize i32)
    (local $row1 i32) (local $row2 i32) (local $row3 i32) (local $rowSize i32)
    (if (i32.eqz (local.get $sectorCount)) (then (return)))
    (local.set $rowSize (i32.shl (local.get $sectorCount) (i32.const 4)))
    (local.set $row1 (i32.add (local.get $rows) (local.get $rowSize)))
    (local.set $row2 (i32.add (local.get $row1) (local.get $rowSize)))
    (local.set $row3 (i32.add (local.get $row2) (local.get $rowSize)))
    (loop $sectors
      (v128.store (local.get $data) (v128.load (local.get $rows)))
      (v128.store offset=16 (local.get $data) (v128.load (local.get $row1)))
      (v128.store offset=32 (local.get $data) (v128.load (local.get $row2)))
      (v128.store offset=48 (local.get $data) (v128.load (local.get $row3)))
      (local.set $data (i32.add (local.get $data) (local.get $sectorSize)))
      (local.set $rows (i32.add (local.get $rows) (i32.const 16)))
      (local.set $row1 (i32.add (local.get $row1) (i32.const 16)))
      (local.set $row2 (i32.add (local.get $row2) (i32.const 16)))
      (local.set $row3 (i32.add (local.get $row3) (i32.const 16)))
      (br_if $sectors (local.tee $sectorCount (i32.sub (local.get $sectorCount) (i32.const 1))))))

  ;; XORs `blockCount` blocks of 16 bytes into the target. The steps are the distances from one block to the next:
  ;; 16 for neighbouring blocks, the sector's size for the same block of every sector.
  (func (export "xorBlocks")
    (param $target i32) (param $targetStep i32) (param $source i32) (param $sourceStep i32) (param $blockCount i32)
    (if (i32.eqz (local.get $blockCount)) (then (return)))
    (loop $blocks
      (v128.store (local.get $target) (v128.xor (v128.load (local.get $target)) (v128.load (local.get $source))))
      (local.set $target (i32.add (local.get $target) (local.get $targetStep)))
      (local.set $source (i32.add (local.get $source) (local.get $sourceStep)))
      (br_if $blocks (local.tee $blockCount (i32.sub (local.get $blockCount) (i32.const 1)))))))
