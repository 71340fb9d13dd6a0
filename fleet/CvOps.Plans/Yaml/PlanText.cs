using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CvOps.Plans.Yaml;

/// <summary>Reads the text of a plan into nodes: YAML, or JSON as programs send it. What comes is anybody's: its length, its depth and what refers to itself are bounded.</summary>
internal static class PlanText
{
    /// <summary>Longest text, in characters. A plan that names ten thousand devices has half of it.</summary>
    private const int Longest = 1024 * 1024;

    private const int Deepest = 8;

    /// <exception cref="PlanTextException">The text can't be read; says where and why.</exception>
    public static PlanNode FromYaml(string text)
    {
        if (text.Length > Longest) throw new PlanTextException($"The plan has {text.Length} characters; at most {Longest}.", null, null);
        var parser = new Parser(new Scanner(new StringReader(text)));
        try
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _)) throw new PlanTextException("The plan is empty; 'cvops rollout example' prints one.", null, null);
            parser.Consume<DocumentStart>();
            var node = Read(parser, 0);
            parser.Consume<DocumentEnd>();
            return parser.TryConsume<StreamEnd>(out _) ? node : throw At(parser.Current!.Start, "A file has one plan; a second one begins here.");
        }
        catch (YamlException e)
        {
            throw At(e.Start, $"This is no YAML: {(e.InnerException ?? e).Message}");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // The scanner gives up on some texts without a word of where.
            throw At(parser.Current?.End ?? Mark.Empty, "This is no YAML, somewhere after here.");
        }
    }

    /// <exception cref="PlanTextException">The text can't be read; says where and why.</exception>
    public static PlanNode FromJson(string text)
    {
        if (text.Length > Longest) throw new PlanTextException($"The plan has {text.Length} characters; at most {Longest}.", null, null);
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = Deepest, AllowDuplicateProperties = false });
            return Read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new PlanTextException($"This is no JSON: {e.Message}", null, null);
        }
    }

    private static PlanNode Read(IParser parser, int depth)
    {
        var (line, column) = ((int)parser.Current!.Start.Line, (int)parser.Current.Start.Column);
        if (depth > Deepest) throw At(parser.Current.Start, $"This lies {depth} deep; a plan is at most {Deepest} deep.");
        if (parser.TryConsume<Scalar>(out var word)) return new PlanWord(word.Value, line, column);
        if (parser.TryConsume<AnchorAlias>(out _)) throw new PlanTextException("References to other parts are not taken: write it out.", line, column);
        if (parser.TryConsume<SequenceStart>(out _))
        {
            var items = new List<PlanNode>();
            while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(Read(parser, depth + 1));
            return new PlanList(items, line, column);
        }
        parser.Consume<MappingStart>();
        var members = new List<(PlanWord, PlanNode)>();
        var names = new HashSet<string>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (!parser.Accept<Scalar>(out _)) throw At(parser.Current!.Start, "A key is a word.");
            var name = (PlanWord)Read(parser, depth + 1);
            if (!names.Add(name.Text)) throw new PlanTextException($"'{name.Text}' is written twice.", name.Line, name.Column);
            members.Add((name, Read(parser, depth + 1)));
        }
        return new PlanMap(members, line, column);
    }

    private static PlanNode Read(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new PlanMap([.. element.EnumerateObject().Where(member => member.Value.ValueKind != JsonValueKind.Null)
            .Select(member => (new PlanWord(member.Name, null, null), Read(member.Value)))], null, null),
        JsonValueKind.Array => new PlanList([.. element.EnumerateArray().Select(Read)], null, null),
        JsonValueKind.String => new PlanWord(element.GetString()!, null, null),
        _ => new PlanWord(element.GetRawText(), null, null),
    };

    private static PlanTextException At(Mark mark, string problem) => new(problem, (int)mark.Line, (int)mark.Column);
}

/// <summary>The text is no plan at all, so that there is nothing else to say about it.</summary>
internal sealed class PlanTextException(string problem, int? line, int? column) : Exception(problem)
{
    public int? Line { get; } = line;

    public int? Column { get; } = column;
}
