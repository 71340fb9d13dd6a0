using CvOps.Agent.Offline.Drawing;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Offline;

public sealed class PredictionPainterTests
{
    private const int Width = 480;
    private const int Height = 480;

    // On a picture of this size lines are two pixels, and a letter's dots too.
    private const int Thickness = 2;
    private const int Dot = 2;

    private static readonly Colour Grey = new(100, 100, 100);
    private static readonly PredictionPainter Painter = new(["scratch", "dent"]);

    [Fact]
    public void A_box_changes_its_border_and_its_name_and_no_other_pixel()
    {
        var canvas = Paint(new Prediction { Detections = [new Detection("scratch", 0.93, 100.4, 150, 200, 99.8)] });

        var (nameWidth, nameHeight) = Canvas.LabelSize("scratch 0.93", Dot);
        for (var y = 0; y < Height; y++)
        {
            for (var x = 0; x < Width; x++)
            {
                var inBox = x is >= 100 and < 300 && y is >= 150 and < 250;
                var inside = x is >= 100 + Thickness and < 300 - Thickness && y is >= 150 + Thickness and < 250 - Thickness;
                var inName = x >= 100 && x < 100 + nameWidth && y >= 150 - nameHeight && y < 150;
                if (inBox && !inside) Assert.Equal(Colour.OfClass(0), canvas[x, y]);
                else if (!inName) Assert.Equal(Grey, canvas[x, y]);
            }
        }
        Assert.Equal(Colour.OfClass(0), canvas[100, 149]);
    }

    [Fact]
    public void A_name_can_be_read_back_dot_by_dot()
    {
        var canvas = Blank();
        canvas.Label(10, 20, "Ag9", Dot, Colour.Black);
        var rows = Enumerable.Range(0, BitmapFont.Height).Select(row => string.Concat(Enumerable.Range(0, 3 * BitmapFont.Advance).Select(column => canvas[10 + Dot * (1 + column), 20 + Dot * (1 + row)] == Colour.White ? '#' : '.')));
        Assert.Equal(
        [
            ".###.........###..",
            "#...#..####.#...#.",
            "#...#.#...#.#...#.",
            "#...#.#...#..####.",
            "#####..####.....#.",
            "#...#.....#....#..",
            "#...#..###...##...",
        ], rows);
    }

    [Fact]
    public void No_two_characters_look_the_same()
    {
        var shapes = Enumerable.Range(' ', '~' - ' ' + 1).Select(c => string.Concat(Enumerable.Range(0, BitmapFont.Width * BitmapFont.Height).Select(i => BitmapFont.HasDot((char)c, i % BitmapFont.Width, i / BitmapFont.Width) ? '#' : '.')));
        Assert.Equal(95, shapes.Distinct().Count());
    }

    [Fact]
    public void A_turned_box_is_drawn_turned()
    {
        // 200 wide, 40 high about 240, 240, a quarter of a turn and a half: its long side goes from the upper left to the lower right.
        var canvas = Paint(new Prediction { Detections = [new Detection("dent", 0.5, 140, 220, 200, 40) { Angle = Math.PI / 4 }] });

        foreach (var (x, y) in (ReadOnlySpan<(double, double)>)[(100, 0), (-100, 0), (0, 20), (0, -20)])
        {
            var (turnedX, turnedY) = ((x - y) * Math.Sqrt(0.5), (x + y) * Math.Sqrt(0.5));
            Assert.True(IsNear(canvas, 240 + turnedX, 240 + turnedY, Colour.OfClass(1)), $"no side at {turnedX}, {turnedY} from the centre");
        }
        Assert.Equal(Grey, canvas[240, 240]);
        Assert.Equal(Grey, canvas[310, 170]);
    }

    [Fact]
    public void An_outline_tints_what_it_encloses_and_keypoints_stand_out()
    {
        var canvas = Paint(new Prediction
        {
            Detections = [new Detection("scratch", 0.9, 100, 200, 100, 100) { Polygon = [100, 200, 200, 200, 200, 300, 100, 300], Keypoints = [150, 250, 0.9, 400, 400, 0.1] }],
        });

        var colour = Colour.OfClass(0);
        Assert.Equal(new Colour((byte)((200 + colour.Blue) / 3), (byte)((200 + colour.Green) / 3), (byte)((200 + colour.Red) / 3)), canvas[120, 280]);
        Assert.Equal(Grey, canvas[205, 250]);
        Assert.Equal(colour, canvas[150, 250]);
        Assert.Equal(Colour.Black, canvas[150 + 2 * Thickness, 250]);
        // Too unsure to be shown.
        Assert.Equal(Grey, canvas[400, 400]);
    }

    [Fact]
    public void A_reject_has_a_red_frame_and_a_class_without_a_box_stands_in_the_corner()
    {
        var canvas = Blank();
        Painter.Paint(canvas, new Prediction { Class = "dent", Confidence = 0.8, Reject = true }, ModelTask.Classification, null);

        foreach (var (x, y) in (ReadOnlySpan<(int, int)>)[(0, 0), (Width - 1, Height - 1), (240, 2 * Thickness - 1)]) Assert.Equal(Colour.Alarm, canvas[x, y]);
        Assert.Equal(Colour.OfClass(1), canvas[2 * Thickness, 2 * Thickness]);
        Assert.Equal(Grey, canvas[240, 240]);
    }

    [Fact]
    public void Labels_areas_an_anomaly_and_an_error_stand_below_each_other_in_the_corner()
    {
        var line = Canvas.LabelSize("x", Dot).Height;
        var labels = Blank();
        Painter.Paint(labels, new Prediction { Labels = [new("scratch", 0.9), new("dent", 0.7)] }, ModelTask.Classification, null);
        Assert.Equal((Colour.OfClass(0), Colour.OfClass(1), Grey), (labels[0, 0], labels[0, line], labels[0, 2 * line]));

        var anomaly = Blank();
        Painter.Paint(anomaly, new Prediction { AnomalyScore = 3.2, Areas = [new("dent", 0.2)] }, ModelTask.Anomaly, null);
        Assert.Equal((Colour.Black, Colour.OfClass(1), Grey), (anomaly[0, 0], anomaly[0, line], anomaly[0, 2 * line]));

        var error = Blank();
        Painter.Paint(error, new Prediction(), ModelTask.Detection, "Output 'logits' is NaN, which is a sentence much longer than the picture is wide, and so it ends at its edge.");
        Assert.Equal(Colour.Alarm, error[0, 0]);
        Assert.Equal(Grey, error[0, line]);
    }

    [Theory]
    [InlineData(-1e9, 1e9)]
    [InlineData(470, 100)]
    [InlineData(-50, 60)]
    public void Shapes_far_outside_are_cut_at_the_edge(double from, double size)
    {
        var detection = new Detection("scratch", 0.9, from, from, size, size) { Polygon = [from, from, from + size, from, from, from + size], Keypoints = [from, from, 1, 1e12, -1e12, 1], Track = 7 };
        Paint(new Prediction { Detections = [detection, detection with { Angle = 1 }] });
        var tiny = new Canvas();
        tiny.Show(new PictureView([1, 2, 3], 1, 1, PixelFormat.Bgr24));
        Painter.Paint(tiny, new Prediction { Detections = [detection] }, ModelTask.Detection, null);
    }

    private static Canvas Paint(Prediction prediction)
    {
        var canvas = Blank();
        Painter.Paint(canvas, prediction, ModelTask.Detection, null);
        return canvas;
    }

    private static Canvas Blank()
    {
        var canvas = new Canvas();
        canvas.Show(new PictureView(Enumerable.Repeat((byte)100, 3 * Width * Height).ToArray(), Width, Height, PixelFormat.Bgr24));
        return canvas;
    }

    private static bool IsNear(Canvas canvas, double x, double y, Colour colour)
    {
        for (var dy = -1; dy <= 1; dy++)
        {
            for (var dx = -1; dx <= 1; dx++)
            {
                if (canvas[(int)x + dx, (int)y + dy] == colour) return true;
            }
        }
        return false;
    }
}
