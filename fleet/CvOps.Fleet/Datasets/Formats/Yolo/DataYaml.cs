using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CvOps.Fleet.Datasets.Formats.Yolo;

/// <summary>The class names of an Ultralytics <c>data.yaml</c>, as a list or by number.</summary>
internal static class DataYaml
{
    private const int Longest = 1 << 20;

    /// <summary>Names by class number.</summary>
    /// <exception cref="FormatException">This is no such file; says where and why.</exception>
    public static Dictionary<int, string> Names(string text)
    {
        if (text.Length > Longest) throw new FormatException($"It has {text.Length} characters; at most {Longest} are read.");
        var parser = new Parser(new Scanner(new StringReader(text)));
        try
        {
            parser.Consume<StreamStart>();
            parser.Consume<DocumentStart>();
            parser.Consume<MappingStart>();
            while (!parser.Accept<MappingEnd>(out _))
            {
                if (parser.Consume<Scalar>().Value == "names") return ReadNames(parser);
                parser.SkipThisAndNestedEvents();
            }
        }
        catch (Exception e) when (e is YamlException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException($"Line {parser.Current?.Start.Line ?? 1}: {(e.InnerException ?? e).Message}", e);
        }
        throw new FormatException("It has no 'names'.");
    }

    private static Dictionary<int, string> ReadNames(Parser parser)
    {
        var names = new Dictionary<int, string>();
        if (parser.TryConsume<SequenceStart>(out _))
        {
            while (!parser.TryConsume<SequenceEnd>(out _)) names.Add(names.Count, parser.Consume<Scalar>().Value);
            return names;
        }
        parser.Consume<MappingStart>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = parser.Consume<Scalar>();
            if (!int.TryParse(key.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) throw new FormatException($"Line {key.Start.Line}: '{key.Value}' is no class number.");
            if (!names.TryAdd(number, parser.Consume<Scalar>().Value)) throw new FormatException($"Line {key.Start.Line}: class {number} has two names.");
        }
        return names;
    }

    /// <summary>A text as YAML takes it whatever it holds: YAML reads JSON's strings.</summary>
    public static string Quote(string text) => $"\"{System.Text.Json.JsonEncodedText.Encode(text)}\"";
}
