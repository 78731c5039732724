;; Whether a range holds only zeros. Used for ranges that need not be written or stored.
(module
  (import "arena" "memory" (memory 1 65536))

  ;; 1 when the `length` bytes from `address` are all zero, else 0. Stops at the first 128 bytes that are not.
  (func (export "isAllZero") (param $address i32) (param $length i32) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $address) (i32.and (local.get $length) (i32.const -128))))
    (block $tail
      (br_if $tail (i32.eq (local.get $address) (local.get $end)))
      (loop $lines
        (if
          (v128.any_true
            (v128.or
              (v128.or
                (v128.or (v128.load (local.get $address)) (v128.load offset=16 (local.get $address)))
                (v128.or (v128.load offset=32 (local.get $address)) (v128.load offset=48 (local.get $address))))
              (v128.or
                (v128.or (v128.load offset=64 (local.get $address)) (v128.load offset=80 (local.get $address)))
                (v128.or (v128.load offset=96 (local.get $address)) (v128.load offset=112 (local.get $address))))))
          (then (return (i32.const 0))))
        (local.set $address (i32.add (local.get $address) (i32.const 128)))
        (br_if $lines (i32.ne (local.get $address) (local.get $end)))))
    (local.set $length (i32.and (local.get $length) (i32.const 127)))
    (block $done
      (br_if $done (i32.eqz (local.get $length)))
      (loop $bytes
        (if (i32.load8_u (local.get $address)) (then (return (i32.const 0))))
        (local.set $address (i32.add (local.get $address) (i32.const 1)))
        (br_if $bytes (local.tee $length (i32.sub (local.get $length) (i32.const 1))))))
    (i32.const 1)))
