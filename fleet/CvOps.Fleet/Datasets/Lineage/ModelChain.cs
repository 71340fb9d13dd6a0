using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using Dapper;

namespace CvOps.Fleet.Datasets.Lineage;

/// <summary>Models by where they come from, as their signed packages say: each keeps what those before it learned.</summary>
internal sealed class ModelChain
{
    private readonly Dictionary<string, ModelView> _models;

    public ModelChain(IEnumerable<ModelView> models) => _models = models.ToDictionary(model => model.Model.Digest);

    public IReadOnlyCollection<ModelView> Models => _models.Values;

    public static ModelChain Read(DbConnection connection) =>
        new(connection.Query<string>("SELECT body FROM models ORDER BY registered_at, digest").Select(body => JsonSerializer.Deserialize(body, ContractsJson.Default.ModelView)!));

    /// <summary>The model and those before it, itself first; the last may be one that is not registered here, with no model.</summary>
    public IEnumerable<(string Digest, ModelView? Model)> Of(string digest)
    {
        // A package names its parent's digest, so there is no way round; a forged one must not make us go round either.
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var next = digest; next is not null && seen.Add(next);)
        {
            var model = _models.GetValueOrDefault(next);
            yield return (next, model);
            next = model?.Lineage.Parent;
        }
    }

    /// <summary>Snapshots that the model or one before it was trained on, its own first.</summary>
    public IEnumerable<string> Datasets(string digest) => Of(digest).Select(step => step.Model?.Lineage.Dataset).OfType<string>().Distinct();
}
