using System.Buffers.Text;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.Yolo;

/// <summary>
/// Ultralytics' layout: <c>data.yaml</c>, <c>images/…/x.jpg</c> and <c>labels/…/x.txt</c> with a line an object: class number, then centre, width and height, or
/// the corners of an outline, all divided by the picture's width and height.
/// </summary>
internal sealed class YoloReader : IDatasetReader
{
    private const int LongestFile = 16 << 20;

    private static readonly string[] Endings = [".jpg", ".jpeg", ".JPG", ".JPEG", ".png", ".bmp", ".webp", ".tif", ".tiff"];

    public IEnumerable<LabelledImage> Read(ReadContext context)
    {
        var files = context.Files;
        if (ReadNames(context) is not { } names) yield break;
        var labels = files.Names.Where(IsLabels).ToArray();
        foreach (var file in labels)
        {
            var image = ImageOf(file, files);
            var where = file;
            var drawn = new YoloObjects(names, where, context.Findings);
            if (files.Length(file) > LongestFile)
            {
                context.Findings.Error(where, $"It has {files.Length(file)} bytes; the labels of one picture have at most {LongestFile}.", "Look whether these are labels.");
                continue;
            }
            if (context.SizeOf(image) is { } size)
            {
                using var stream = files.Open(file);
                drawn.Read(stream, size.Width, size.Height);
                yield return new LabelledImage { Name = image, Where = where, Width = size.Width, Height = size.Height, Boxes = drawn.Boxes, Polygons = drawn.Polygons, Use = UseOf(file) };
            }
            else
            {
                yield return new LabelledImage { Name = image, Where = where };
            }
        }
        foreach (var image in files.Names.Where(name => ImageNames.IsImage(name) && Swap(name, "images", "labels") is { } swapped && !files.Contains(ImageNames.Stem(swapped) + ".txt")))
        {
            context.Findings.WarnOnce(image, "Pictures without a file of labels come in unlabelled.", "For 'there is nothing to see' make an empty file.");
            yield return new LabelledImage { Name = image, Where = image, IsLabelled = false };
        }
    }

    public static bool IsLabels(string name) => name.EndsWith(".txt", StringComparison.OrdinalIgnoreCase) && Swap(name, "labels", "images") is not null;

    public static bool IsData(string name) => ImageNames.Base(name) is "data.yaml" or "data.yml" or "dataset.yaml";

    private static Dictionary<int, string>? ReadNames(ReadContext context)
    {
        var yaml = context.Files.Names.Where(IsData).ToArray();
        if (yaml.Length != 1)
        {
            context.Findings.Error("upload", $"It has {yaml.Length} files data.yaml; a YOLO dataset has one, with the names of the classes.", "Add it, or take the others out.");
            return null;
        }
        try
        {
            using var reader = new StreamReader(context.Files.Open(yaml[0]));
            return DataYaml.Names(reader.ReadToEnd());
        }
        catch (FormatException e)
        {
            context.Findings.Error(yaml[0], e.Message, "Give the classes as 'names: [first, second]' or 'names:' with a line '0: first' each.");
            return null;
        }
    }

    /// <summary>As Ultralytics finds one from the other: the last folder of the name is swapped.</summary>
    private static string? Swap(string name, string folder, string other)
    {
        var at = name.LastIndexOf($"/{folder}/", StringComparison.Ordinal);
        if (at >= 0) return string.Concat(name.AsSpan(0, at + 1), other, name.AsSpan(at + 1 + folder.Length));
        return name.StartsWith(folder + "/", StringComparison.Ordinal) ? string.Concat(other, name.AsSpan(folder.Length)) : null;
    }

    private static string ImageOf(string labels, StagedFiles files)
    {
        var stem = ImageNames.Stem(Swap(labels, "labels", "images")!);
        foreach (var ending in Endings)
            if (files.Contains(stem + ending)) return stem + ending;
        return stem + ".jpg";
    }

    /// <summary>Both layouts there are: labels/train/x.txt and train/labels/x.txt.</summary>
    private static FrameUse? UseOf(string file) => file.Split('/').Select(Splits.UseOf).FirstOrDefault(use => use is not null);
}

/// <summary>The objects of one file of labels.</summary>
internal sealed class YoloObjects(Dictionary<int, string> names, string file, Findings findings)
{
    // Ultralytics passes by pictures with more than a hundredth outside; whoever wrote pixels has far more.
    private const double Tolerance = 0.01;
    private const double Pixels = 2;

    private byte[] _text = new byte[1024];
    private readonly List<double> _numbers = [];

    public List<LabelBox> Boxes { get; } = [];

    public List<LabelPolygon>? Polygons { get; private set; }

    /// <param name="width">Of the picture in pixels.</param>
    public void Read(Stream stream, int width, int height)
    {
        var length = 0;
        for (int read; (read = stream.Read(_text.AsSpan(length))) > 0;)
        {
            length += read;
            if (length == _text.Length) Array.Resize(ref _text, 2 * length);
        }
        ReadOnlySpan<byte> text = _text.AsSpan(0, length);
        var line = 0;
        foreach (var range in text.Split((byte)'\n'))
        {
            line++;
            ReadLine(text[range].Trim(" \t\r"u8), line, width, height);
        }
    }

    private void ReadLine(ReadOnlySpan<byte> text, int line, int width, int height)
    {
        if (text.IsEmpty) return;
        _numbers.Clear();
        foreach (var range in text.SplitAny(" \t"u8))
        {
            var word = text[range];
            if (word.IsEmpty) continue;
            if (!Utf8Parser.TryParse(word, out double number, out var used) || used != word.Length || !double.IsFinite(number))
            {
                findings.Error($"{file}, line {line}", $"'{System.Text.Encoding.UTF8.GetString(word[..Math.Min(word.Length, 40)])}' is no number.", "A line is a class number and 4 numbers of a box, or 6 and more of an outline.");
                return;
            }
            _numbers.Add(number);
        }
        if (_numbers[0] != Math.Floor(_numbers[0]) || !names.TryGetValue((int)_numbers[0], out var name))
        {
            findings.Error($"{file}, line {line}", $"There is no class {_numbers[0]}: data.yaml names {names.Count}.", "Add its name to data.yaml, or correct the number.");
            return;
        }
        var values = _numbers.Skip(1);
        if (values.Any(value => value is < -Tolerance or > 1 + Tolerance))
        {
            if (values.Any(value => Math.Abs(value) > Pixels))
            {
                findings.Error($"{file}, line {line}", $"Its numbers reach {values.MaxBy(Math.Abs)}; YOLO divides them by the picture's width and height.", "Divide them, so that they lie between 0 and 1.");
                return;
            }
            findings.WarnOnce($"{file}, line {line}", "Objects reach beyond their picture.", "Nothing, unless they should not; Ultralytics passes such pictures by.");
        }
        Draw(name, line, width, height);
    }

    private void Draw(string name, int line, int width, int height)
    {
        if (_numbers.Count == 6) findings.WarnOnce($"{file}, line {line}", "A sixth number, as Ultralytics writes with predictions, is passed by.", "Nothing, unless these are predictions and no labels.");
        if (_numbers.Count is 5 or 6)
        {
            var (w, h) = (_numbers[3] * width, _numbers[4] * height);
            if (w > 0 && h > 0) Boxes.Add(new LabelBox(name, _numbers[1] * width - w / 2, _numbers[2] * height - h / 2, w, h));
            else findings.Error($"{file}, line {line}", "The box has no width or no height.", "Draw it anew, or take the line out.");
            return;
        }
        if (_numbers.Count < 7 || _numbers.Count % 2 == 0)
        {
            findings.Error($"{file}, line {line}", $"It has {_numbers.Count} numbers.", "A line is a class number and 4 numbers of a box, or x and y of at least three corners.");
            return;
        }
        var points = new double[_numbers.Count - 1];
        for (var i = 0; i < points.Length; i++) points[i] = _numbers[i + 1] * (i % 2 == 0 ? width : height);
        // Where a set has outlines its boxes are written as outlines, too (YoloWriter): they come back as boxes.
        if (points is [var left, var top, var right, var top2, var right2, var bottom, var left2, var bottom2] && left == left2 && right == right2 && top == top2 && bottom == bottom2 && right > left && bottom > top)
            Boxes.Add(new LabelBox(name, left, top, right - left, bottom - top));
        else (Polygons ??= []).Add(new LabelPolygon(name, points));
    }
}
