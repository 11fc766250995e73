//! Plots as SVG, with both axes logarithmic.

use std::fmt::Write as _;

/// What is drawn.
pub(crate) struct Plot {
    /// The file's name.
    pub(crate) file: &'static str,
    pub(crate) title: &'static str,
    pub(crate) across: &'static str,
    pub(crate) up: &'static str,
    /// Names, and points from left to right.
    pub(crate) lines: Vec<(&'static str, Vec<(f64, f64)>)>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 70.0;
const TOP: f64 = 40.0;
const RIGHT: f64 = 30.0;
const BOTTOM: f64 = 60.0;
/// Half of the room that a number at a point takes.
const NUMBER: f64 = 20.0;
/// Told apart also by who sees few colours.
const COLOURS: [&str; 3] = ["#0072b2", "#d55e00", "#009e73"];

impl Plot {
    pub(crate) fn svg(&self) -> String {
        let all = || self.lines.iter().flat_map(|(_, points)| points);
        let across = Axis::over(all().map(|(x, _)| *x), LEFT, WIDTH - RIGHT);
        let up = Axis::over(all().map(|(_, y)| *y), HEIGHT - BOTTOM, TOP);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
             <text x=\"{}\" y=\"22\" text-anchor=\"middle\" font-size=\"15\">{}</text>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n\
             <text transform=\"translate(18 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
            WIDTH / 2.0,
            self.title,
            LEFT.midpoint(WIDTH - RIGHT),
            HEIGHT - 18.0,
            self.across,
            TOP.midpoint(HEIGHT - BOTTOM),
            self.up,
        );
        for decade in across.decades() {
            let x = across.place(decade);
            let _ = writeln!(
                svg,
                "<path d=\"M{x:.1} {TOP}V{:.1}\" stroke=\"#ddd\"/><text x=\"{x:.1}\" y=\"{:.1}\" \
                 text-anchor=\"middle\">{}</text>",
                HEIGHT - BOTTOM,
                HEIGHT - BOTTOM + 18.0,
                short(decade)
            );
        }
        for decade in up.decades() {
            let y = up.place(decade);
            let _ = writeln!(
                svg,
                "<path d=\"M{LEFT} {y:.1}H{:.1}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                short(decade)
            );
        }
        for (place, ((name, points), colour)) in self.lines.iter().zip(COLOURS).enumerate() {
            let marks: Vec<_> = points
                .iter()
                .map(|(x, y)| (across.place(*x), up.place(*y), *y))
                .collect();
            let path: Vec<_> = marks
                .iter()
                .map(|(x, y, _)| format!("{x:.1},{y:.1}"))
                .collect();
            let _ = writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                path.join(" ")
            );
            for (x, y, value) in marks {
                // Numbers at the edges stay inside.
                let anchor = if x < LEFT + NUMBER {
                    "start"
                } else if x > WIDTH - RIGHT - NUMBER {
                    "end"
                } else {
                    "middle"
                };
                let _ = writeln!(
                    svg,
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/><text x=\"{x:.1}\" y=\"{:.1}\" \
                     text-anchor=\"{anchor}\" font-size=\"10\">{}</text>",
                    y - 8.0,
                    three_figures(value)
                );
            }
            let y = TOP + 14.0 + 16.0 * crate::report::number(place);
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{y:.1}\" fill=\"{colour}\">{name}</text>",
                LEFT + 10.0
            );
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// Whole powers of ten from end to end.
struct Axis {
    least: f64,
    most: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (least, most) = values
            .filter(|value| *value > 0.0)
            .map(f64::log10)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), log| {
                (least.min(log), most.max(log))
            });
        let (least, most) = if least <= most {
            (least.floor(), most.ceil().max(least.floor() + 1.0))
        } else {
            (0.0, 1.0)
        };
        Self {
            least,
            most,
            from,
            to,
        }
    }

    fn place(&self, value: f64) -> f64 {
        let share = (value.max(f64::MIN_POSITIVE).log10() - self.least) / (self.most - self.least);
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }

    fn decades(&self) -> Vec<f64> {
        let mut decades = Vec::new();
        let mut at = self.least;
        while at <= self.most {
            decades.push(10_f64.powf(at));
            at += 1.0;
        }
        decades
    }
}

/// As exact as what is measured.
fn three_figures(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// 1, 10, 100, 1k, 1M …
fn short(value: f64) -> String {
    if value >= 1e9 {
        format!("{}G", (value / 1e9).round())
    } else if value >= 1e6 {
        format!("{}M", (value / 1e6).round())
    } else if value >= 1e3 {
        format!("{}k", (value / 1e3).round())
    } else if value >= 1.0 {
        format!("{}", value.round())
    } else {
        format!("{value}")
    }
}
