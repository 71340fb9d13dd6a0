using CvOps.Contracts.Api;
using CvOps.Fleet.Models;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Frames;

/// <summary>The classes that a person may choose from.</summary>
internal sealed class ClassNames(Database database, ModelRegistry models)
{
    private const int Lately = 2000;

    /// <summary>Those of the models that saw the frames, in the models' order, and those that they named; then those that people used lately. Where neither names one, those of every model.</summary>
    public async Task<IReadOnlyList<string>> OfAsync(IReadOnlyCollection<FrameView> frames, CancellationToken cancel)
    {
        var classes = new List<string>();
        foreach (var digest in frames.Select(frame => frame.Model?.Digest).OfType<string>().Distinct())
            if (await models.FindAsync(digest, cancel) is { } model) classes.AddRange(model.Classes.Except(classes));
        // A model that is in no registry has at least said these.
        classes.AddRange(frames.SelectMany(frame => (frame.Prediction?.Detections ?? []).Select(box => box.Class).Append(frame.Prediction?.Class)).OfType<string>().Distinct().Order(StringComparer.Ordinal).Except(classes));
        var used = await database.ReadAsync(connection => connection.Query<string>(
            "SELECT DISTINCT label_classes FROM (SELECT label_classes FROM frames WHERE label_text IS NOT NULL ORDER BY row DESC LIMIT @Lately) AS newest", new { Lately }).ToArray(), cancel);
        classes.AddRange(used.SelectMany(names => names.Split('|', StringSplitOptions.RemoveEmptyEntries)).Distinct().Order(StringComparer.Ordinal).Except(classes));
        if (classes.Count == 0)
            foreach (var model in await models.ListAsync(cancel)) classes.AddRange(model.Classes.Except(classes));
        return classes;
    }
}
