using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Training;

/// <param name="Command">Program and first arguments.</param>
/// <param name="Stop">Program and arguments that end what outlives the trainer's process; null: nothing does.</param>
internal sealed record TrainerEntry(string Name, string[] Command, string[]? Stop);

/// <summary>The trainers a request may name: our own two, and those of the settings.</summary>
internal sealed partial class TrainerCatalog(IOptions<FleetOptions> options)
{
    public const string Head = "head";
    public const string Torch = "torch";

    public IReadOnlyCollection<string> Names { get; } = [.. options.Value.Trainers.Keys.Union([Head, Torch]).Order(StringComparer.Ordinal)];

    /// <returns>Null when no trainer has that name.</returns>
    public TrainerEntry? Find(string name)
    {
        if (options.Value.Trainers.TryGetValue(name, out var own)) return new TrainerEntry(name, CommandWords.Split(own.Command)!, own.Stop is null ? null : CommandWords.Split(own.Stop));
        var program = Program(options.Value.Trainer);
        return name is Head or Torch ? new TrainerEntry(name, [program, name], null) : null;
    }

    /// <summary>What is wrong with the trainers in the settings.</summary>
    public static IEnumerable<string> Mistakes(FleetOptions options)
    {
        foreach (var (name, trainer) in options.Trainers)
        {
            if (!Name().IsMatch(name)) yield return $"--trainer '{name}=...': a trainer's name is lower-case letters, digits and hyphens, at most 40.";
            foreach (var (what, text) in new[] { ("command", trainer.Command), ("stop command", trainer.Stop) })
            {
                if (text is null) continue;
                var words = CommandWords.Split(text);
                if (words is null) yield return $"--trainer {name}: a quote of its {what} is left open: {text}";
                else if (words.Length == 0) yield return $"--trainer {name}: its {what} is empty.";
                else if (words[0].Contains('/') && !words[0].Contains('{') && !File.Exists(words[0])) yield return $"--trainer {name}: there is no program {words[0]}.";
            }
        }
    }

    /// <summary>The trainer that was named, or the one beside this program, or the one of the same build.</summary>
    private static string Program(string? named)
    {
        if (named is not null) return named;
        var here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string[] places = [Path.Combine(here, "cvops-trainer"), Path.Combine(here, "trainer", "cvops-trainer"), Path.GetFullPath(Path.Combine(here, "..", "..", "CvOps.Trainer", Path.GetFileName(here), "cvops-trainer"))];
        return Array.Find(places, File.Exists) ?? "cvops-trainer";
    }

    [GeneratedRegex("^[a-z][a-z0-9-]{0,39}$")]
    private static partial Regex Name();
}
