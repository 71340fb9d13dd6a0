using System.Text.Json;
using System.Text.Json.Nodes;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Plans.Yaml;

/// <param name="Plan">Null when it has a mistake that leaves no plan to look at.</param>
/// <param name="Mistakes">Every mistake that shows without a fleet, in the order of the text; empty when there is none.</param>
public sealed record PlanReading(RolloutPlan? Plan, IReadOnlyList<PlanMistake> Mistakes)
{
    internal IReadOnlyDictionary<string, (int? Line, int? Column)> Places { get; init; } = new Dictionary<string, (int?, int?)>();

    /// <summary>The same mistake with its place in the text: that of the key it is about, or of the nearest part around it.</summary>
    public PlanMistake Placed(PlanMistake mistake)
    {
        for (var path = mistake.Path; ; path = path[..Math.Max(0, path.LastIndexOfAny(['.', '[']))])
        {
            if (Places.TryGetValue(path, out var place)) return mistake with { Line = place.Line, Column = place.Column };
            if (path.Length == 0) return mistake;
        }
    }
}

/// <summary>
/// Reads a rollout's plan as people or programs write it. A key that does not exist is a mistake, in JSON too: a typo must not disable a brake. All mistakes come at
/// once, those of the text and those of <see cref="PlanRule"/>, each with its line and column.
/// </summary>
public static class PlanReader
{
    public static PlanReading Yaml(string text) => Read(() => PlanText.FromYaml(text));

    public static PlanReading Json(string text) => Read(() => PlanText.FromJson(text));

    private static PlanReading Read(Func<PlanNode> parse)
    {
        try
        {
            var node = parse();
            if (node is not PlanMap map) return new PlanReading(null, [new("", "A plan is a list of keys and values; 'cvops rollout example' prints one.", node.Line, node.Column)]);
            var walk = new Walk();
            var document = walk.Map(map, "", typeof(RolloutPlan));
            // With a mistake in a word the rest is still looked at; without a name or rings there is nothing to look at.
            var plan = walk.IsWhole ? JsonSerializer.Deserialize(document, ContractsJson.Default.RolloutPlan) : null;
            var reading = new PlanReading(plan, []) { Places = walk.Places };
            var written = walk.Mistakes.Select(mistake => mistake.Path).ToHashSet();
            var mistakes = walk.Mistakes.Concat(plan is null ? [] : PlanRule.Check(plan).Where(mistake => !written.Contains(mistake.Path)).Select(reading.Placed));
            return reading with { Mistakes = [.. mistakes.OrderBy(mistake => mistake.Line ?? 0).ThenBy(mistake => mistake.Column ?? 0)] };
        }
        catch (PlanTextException e)
        {
            return new PlanReading(null, [new("", e.Message, e.Line, e.Column)]);
        }
    }

    /// <summary>Turns nodes into the contract's JSON, key by key, and collects what is wrong.</summary>
    private sealed class Walk
    {
        public List<PlanMistake> Mistakes { get; } = [];

        public Dictionary<string, (int?, int?)> Places { get; } = [];

        /// <summary>Nothing that has to be there was missing.</summary>
        public bool IsWhole { get; private set; } = true;

        public JsonObject Map(PlanMap map, string path, Type type)
        {
            Places[path] = (map.Line, map.Column);
            var (keys, written) = (PlanShape.KeysOf(type), new JsonObject());
            foreach (var (name, value) in map.Members)
            {
                var key = keys.FirstOrDefault(key => key.Is(name.Text));
                if (key is null)
                {
                    Fail(path, name, $"There is no key '{name.Text}'{(path.Length == 0 ? "" : $" in {path}")}{Nearest.Hint(name.Text, keys.SelectMany(known => known.Other is null ? (string[])[known.Name] : [known.Name, known.Other]))}");
                    continue;
                }
                var inside = path.Length == 0 ? key.Name : $"{path}.{key.Name}";
                Places[inside] = (name.Line, name.Column);
                if (written.ContainsKey(key.Json)) Fail(inside, name, $"'{key.Name}' and '{key.Other}' are the same: say one of them.");
                else if (key.Name == "target" && path.Length == 0 && value is PlanWord { Text: "everything" }) written["everything"] = true;
                else if (Value(value, inside, key, Nullable.GetUnderlyingType(key.Type) ?? key.Type) is { } json) written[key.Json] = json;
            }
            foreach (var key in keys.Where(key => key.Required && !map.Members.Any(member => key.Is(member.Name.Text))))
                Mistakes.Add(new PlanMistake(path.Length == 0 ? key.Name : $"{path}.{key.Name}", $"'{key.Name}' is missing.", map.Line, map.Column));
            IsWhole &= !keys.Any(key => key.Essential && !written.ContainsKey(key.Json));
            return written;
        }

        private JsonNode? Value(PlanNode node, string path, PlanKey key, Type type)
        {
            if (type == typeof(IReadOnlyDictionary<string, string>)) return node is PlanMap labels ? Labels(labels, path) : Fail(path, node, "Here stand labels and their values, such as 'site: ulm'; or 'everything'.");
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)) return List(node, path, key, type.GetGenericArguments()[0]);
            if (PlanShape.IsMap(type)) return node is PlanMap map ? Map(map, path, type) : Fail(path, node, $"Here stand keys: {string.Join(", ", PlanShape.KeysOf(type).Select(inner => inner.Other ?? inner.Name))}.");
            return node is PlanWord word ? Word(word, path, key, type) : Fail(path, node, "One value was expected here.");
        }

        private JsonArray? List(PlanNode node, string path, PlanKey key, Type of)
        {
            if (node is not PlanList list)
            {
                Fail(path, node, "A list was expected here, such as [a, b].");
                return null;
            }
            var items = new JsonArray();
            for (var i = 0; i < list.Items.Count; i++)
            {
                var inside = $"{path}[{i}]";
                Places[inside] = (list.Items[i].Line, list.Items[i].Column);
                if (Value(list.Items[i], inside, key, of) is { } item) items.Add(item);
            }
            return items;
        }

        private JsonObject Labels(PlanMap map, string path)
        {
            var labels = new JsonObject();
            foreach (var (name, value) in map.Members)
            {
                var inside = $"{path}.{name.Text}";
                Places[inside] = (name.Line, name.Column);
                if (value is PlanWord word) labels[name.Text] = word.Text;
                else Fail(inside, value, "A label has one value; for several write a selector: 'select: line in (3,4)'.");
            }
            return labels;
        }

        private JsonNode? Word(PlanWord word, string path, PlanKey key, Type type)
        {
            var text = word.Text.Trim();
            if (text.Length == 0 || text is "~" or "null") return Fail(path, word, "A value is missing; leave the key out where nothing is meant.");
            if (type == typeof(string)) return word.Text;
            if (type == typeof(bool)) return text is "true" or "false" ? JsonValue.Create(text == "true") : Fail(path, word, $"'{text}' is neither true nor false.");
            if (type == typeof(DateTimeOffset))
                return DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var at) && text.Length >= 10
                    ? JsonValue.Create(at) : Fail(path, word, $"'{text}' is no time: write 2026-11-30T22:00+01:00.");
            if (type.IsEnum)
            {
                var names = Enum.GetNames(type);
                return names.FirstOrDefault(name => PlanShape.Hyphenated(name) == text || name == text) is { } known ? known
                    : Fail(path, word, $"'{text}' is none of {string.Join(", ", names.Select(PlanShape.Hyphenated))}.");
            }
            if (type == typeof(DeviceId) || type == typeof(SiteId))
                return Identifier.IsValid(text) ? text : Fail(path, word, $"'{text}' is no name of a device: use letters, digits, '-', '_' or '.'.");
            return Number(word, text, path, key, type);
        }

        private JsonNode? Number(PlanWord word, string text, string path, PlanKey key, Type type)
        {
            if (key.IsDuration) return Quantity.Duration(text) is { } seconds ? seconds : Fail(path, word, $"'{text}' is no duration: write 90s, 15min, 1h 30m, 2d, or seconds.");
            if (key.IsRate) return Quantity.Rate(text) is { } rate and < long.MaxValue ? JsonValue.Create((long)rate) : Fail(path, word, $"'{text}' is no rate: write 10 MB/s, or bytes a second.");
            // A ring's percent is a number of percents; every other share is between 0 and 1.
            if (type == typeof(double) && Quantity.Percent(text) is { } percent) return key.Name == "percent" ? percent : percent / 100;
            if (Quantity.Number(text) is not { } value) return Fail(path, word, $"'{text}' is no number.");
            if (type == typeof(double)) return value;
            if (value != Math.Floor(value) || Math.Abs(value) > (type == typeof(int) ? int.MaxValue : 1L << 53)) return Fail(path, word, $"'{text}' is no whole number that can be counted to.");
            return type == typeof(int) ? JsonValue.Create((int)value) : JsonValue.Create((long)value);
        }

        private JsonNode? Fail(string path, PlanNode at, string problem)
        {
            Mistakes.Add(new PlanMistake(path, problem, at.Line, at.Column));
            return null;
        }
    }
}
