using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;

namespace CvOps.Trainer.Heads;

/// <summary>The classes of a new head, and which of them each entry shows.</summary>
internal static class HeadLabels
{
    /// <exception cref="TrainerException">An option names a class that there is not.</exception>
    public static IReadOnlyList<string> Classes(HeadOptions options, ModelManifest parent, IReadOnlyList<DatasetEntry> entries)
    {
        if (entries.Count == 0) throw new TrainerException("The dataset has no labelled frames for training.");
        var names = options.Classes switch
        {
            null => parent.Classes,
            { Count: 0 } => [.. entries.Select(entry => entry.Class!).Distinct().Order(StringComparer.Ordinal)],
            var given => given,
        };
        foreach (var (from, to) in options.Relabel)
            foreach (var name in new[] { from, to })
                if (!names.Contains(name)) throw new TrainerException($"--relabel names the class '{name}'; the model's classes are {string.Join(", ", names)}.");
        return names;
    }

    /// <param name="people">Told of classes that no frame shows.</param>
    /// <exception cref="TrainerException">A frame shows a class that the head will not have, or all show one.</exception>
    public static List<int> Of(HeadOptions options, IReadOnlyList<string> classes, IReadOnlyList<DatasetEntry> entries, TextWriter people)
    {
        var names = classes.ToList();
        var labels = new List<int>(entries.Count);
        foreach (var entry in entries)
        {
            var index = names.IndexOf(options.Relabel.GetValueOrDefault(entry.Class!, entry.Class!));
            if (index < 0)
                throw new TrainerException($"Frame {entry.FrameId} is labelled '{entry.Class}', which the {(options.Classes is null ? "parent" : "list of classes")} does not know; its classes are {string.Join(", ", names.Take(30))}.{(options.Classes is null ? " The parameter classes = \"dataset\" makes a head for those of the dataset." : "")}");
            labels.Add(index);
        }

        var present = labels.Distinct().ToList();
        if (present.Count < 2) throw new TrainerException($"All {labels.Count} training frames are labelled '{names[present[0]]}'; a classifier needs at least two classes.");
        foreach (var missing in names.Where((_, index) => !present.Contains(index)).Take(30)) people.WriteLine($"No training frame shows '{missing}': the new head will hardly ever say it.");
        return labels;
    }
}
