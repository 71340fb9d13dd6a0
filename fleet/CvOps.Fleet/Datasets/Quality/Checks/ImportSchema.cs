using System.Data.Common;
using CvOps.Fleet.Datasets.Formats;
using Dapper;

namespace CvOps.Fleet.Datasets.Quality.Checks;

/// <summary>What of an import's schema a person should know before they train on it; the check of all frames that follows looks at the pictures.</summary>
internal static class ImportSchema
{
    private const string Classes = "classes";

    // Fewer labels of one class are a trial.
    private const int Habit = 10;

    /// <param name="classes">Of the import, with how many labels name each.</param>
    public static void Look(DbConnection connection, IReadOnlyDictionary<string, int> classes, Findings findings)
    {
        if (classes.Count == 0) return;
        var known = connection.Query<string>("SELECT DISTINCT label_classes FROM frames WHERE label_text IS NOT NULL").SelectMany(names => names.Split('|', StringSplitOptions.RemoveEmptyEntries)).ToHashSet(StringComparer.Ordinal);
        foreach (var names in SchemaCheck.Alike(classes.Keys.Union(known)).Where(names => names.Any(classes.ContainsKey)))
            findings.Warn(Classes, $"{string.Join(", ", names.Select(name => $"'{name}'"))} differ by case, spaces or hyphens alone: a model would take them for several classes.", "Give all of them one name.");
        if (classes.Count == 1 && classes.First() is var (name, count) && count >= Habit && known.IsSubsetOf(classes.Keys))
            findings.Warn(Classes, $"All {count} labels name '{name}': of one class nothing can be learned.", "Bring frames of another class, too.");
    }
}
