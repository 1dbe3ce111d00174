//! How far apart two colours are to different eyes, for tests.
//!
//! The matrices are those of Machado, Oliveira and Fernandes (2009) for full severity, applied to
//! linear light; the distance is CIE 1976. A difference of 10 is seen at a glance.

use crate::ui::theme::color::Rgb;

/// What a kind of eye makes of linear red, green and blue.
pub(super) type Seen = [[f64; 3]; 3];

pub(super) const ALL: [(&str, Seen); 4] = [
    (
        "usual eyes",
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    ),
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

pub(super) fn distance(a: Rgb, b: Rgb, seen: Seen) -> f64 {
    let (a, b) = (lab(a, seen), lab(b, seen));
    let squares = a.iter().zip(&b).map(|(a, b)| (a - b) * (a - b));
    squares.sum::<f64>().sqrt()
}

fn lab(color: Rgb, seen: Seen) -> [f64; 3] {
    let linear = [color.0, color.1, color.2].map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    let dot = |row: [f64; 3], of: [f64; 3]| row.iter().zip(&of).map(|(a, b)| a * b).sum::<f64>();
    let light = seen.map(|row| dot(row, linear).clamp(0.0, 1.0));
    let curve = |value: f64| {
        if value > 0.008_856 {
            value.cbrt()
        } else {
            7.787 * value + 16.0 / 116.0
        }
    };
    let x = curve(dot([0.4124, 0.3576, 0.1805], light) / 0.950_47);
    let y = curve(dot([0.2126, 0.7152, 0.0722], light));
    let z = curve(dot([0.0193, 0.1192, 0.9505], light) / 1.088_83);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}
