using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Tracking.Registry;
using Dapper;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Models;

/// <summary>What became of a package: the model, or why not.</summary>
/// <param name="Refusal">In a sentence; null when it was let in.</param>
/// <param name="Taken">Another package has this name and version.</param>
internal sealed record RegisterOutcome(ModelView? Model, string? Refusal, bool Taken = false);

/// <summary>Model packages that were proven to come from a trusted signer and to be whole. A package never changes and never leaves.</summary>
internal sealed class ModelRegistry(Database database, BlobStore blobs, Audit audit, FleetEvents events, IOptions<FleetOptions> options, TimeProvider time)
{
    private readonly TrustMemory _memory = new(Path.Combine(options.Value.Data, "trust-version"));

    public async Task<ModelView[]> ListAsync(CancellationToken cancel) => Array.ConvertAll(await database.ReadAsync(
        connection => ModelTables.Complete(connection, connection.Query<string>("SELECT body FROM models ORDER BY registered_at DESC, digest").Select(Parse).ToArray()), cancel), Looked);

    public async Task<ModelView?> FindAsync(string digest, CancellationToken cancel) => await database.ReadAsync(connection =>
        ModelTables.Complete(connection, connection.Query<string>("SELECT body FROM models WHERE digest = @digest", new { digest }).Select(Parse).ToArray()).SingleOrDefault(), cancel) is { } view ? Looked(view) : null;

    /// <summary>The file of a registered package.</summary>
    /// <exception cref="BlobLostException">The file is gone.</exception>
    public string PackagePath(ModelView model) => blobs.Find(model.Model.Digest, $"{model.Model.Name} {model.Model.Version}");

    /// <summary>A registered package, for its profile, manifest or model; null when there is none of that digest.</summary>
    /// <exception cref="PackageException">The file was damaged since it was let in.</exception>
    /// <exception cref="BlobLostException">The file is gone.</exception>
    public async Task<ModelPackage?> OpenAsync(string digest, CancellationToken cancel) =>
        await FindAsync(digest, cancel) is { } model ? PackageReader.Open(PackagePath(model)) : null;

    /// <summary>Verifies a package and lets it in. The same package again is the model it was.</summary>
    /// <param name="by">Who brings it.</param>
    public async Task<RegisterOutcome> RegisterAsync(Stream package, string by, CancellationToken cancel)
    {
        BlobStore.IncomingBlob incoming;
        try
        {
            incoming = await blobs.ReceiveAsync(package, Limits.PackageBytes, cancel);
        }
        catch (InvalidDataException e)
        {
            return new RegisterOutcome(null, $"The package was not taken: {e.Message}");
        }
        using (incoming)
        {
            if (Verify(incoming.Path, out var sound, out var signer) is { } refusal)
            {
                await audit.RecordAsync(by, "model.refused", incoming.Digest, refusal, cancel);
                return new RegisterOutcome(null, refusal);
            }
            if (await FindAsync(incoming.Digest, cancel) is { } known)
            {
                if (!known.Lost) return new RegisterOutcome(known, null);
                incoming.Keep();
                await audit.RecordAsync(by, "model.restored", incoming.Digest, $"the file of {known.Model.Name} {known.Model.Version}, which was lost", cancel);
                events.Publish("model", incoming.Digest);
                return new RegisterOutcome(Looked(known), null);
            }
            var view = new ModelView
            {
                Model = sound!.Ref, Task = sound.Manifest.Task, Classes = sound.Manifest.Classes, Bytes = sound.Bytes, SignedBy = signer!, Lineage = sound.Lineage,
                RegisteredAt = time.GetUtcNow(),
            };
            // A file that is refused for its version is not kept: nobody would ever ask for it.
            if (await database.ReadAsync(connection => Other(connection, view.Model), cancel) is { } other) return Taken(view.Model, other);
            incoming.Keep();
            return await AddAsync(view, by, cancel);
        }
    }

    /// <summary>Remembers the last promotion gate a model went through.</summary>
    /// <returns>The model as it is now; null when there is none of that digest.</returns>
    public async Task<ModelView?> RecordGateAsync(string digest, GateResult gate, CancellationToken cancel)
    {
        var changed = await database.WriteAsync(connection =>
        {
            if (connection.QuerySingleOrDefault<string>("SELECT body FROM models WHERE digest = @digest", new { digest }) is not { } body) return null;
            var view = Parse(body) with { Gate = gate };
            connection.Execute("UPDATE models SET body = @body WHERE digest = @digest", new { digest, body = JsonSerializer.Serialize(view, ContractsJson.Default.ModelView) });
            return view;
        }, cancel);
        if (changed is not null) events.Publish("model", digest);
        return changed;
    }

    private async Task<RegisterOutcome> AddAsync(ModelView view, string by, CancellationToken cancel)
    {
        var (name, version, digest) = view.Model;
        var other = await database.WriteAsync(connection =>
        {
            var added = connection.Execute("INSERT INTO models (digest, name, version, registered_at, body) VALUES (@digest, @name, @version, @at, @body) ON CONFLICT DO NOTHING",
                new { digest, name, version, at = SqlTime.Of(view.RegisteredAt), body = JsonSerializer.Serialize(view, ContractsJson.Default.ModelView) });
            if (added == 1)
            {
                ModelTables.Note(connection, new ModelEvent(0, view.RegisteredAt, by, ModelEventKind.Registered, name, null, view.Model, null, $"signed by {view.SignedBy}", null, null, []));
                RegistryTables.Adopt(connection, name);
                Audit.Add(connection, view.RegisteredAt, by, "model.registered", digest, $"{name} {version}, signed by {view.SignedBy}");
            }
            return Other(connection, view.Model);
        }, cancel);
        if (other is not null) return Taken(view.Model, other);
        events.Publish("model", digest);
        return new RegisterOutcome(view, null);
    }

    /// <summary>Digest of the model that has this one's name and version; null when none has.</summary>
    private static string? Other(DbConnection connection, ModelRef model) =>
        connection.QuerySingleOrDefault<string>("SELECT digest FROM models WHERE name = @Name AND version = @Version AND digest <> @Digest", new { model.Name, model.Version, model.Digest });

    private static RegisterOutcome Taken(ModelRef model, string other) => new(
        null, $"There is a {model.Name} {model.Version} already, with digest {other}. A version is given once: raise it in the manifest and sign again.", Taken: true);

    private string? Verify(string path, out ModelPackage? package, out string? signer)
    {
        (package, signer) = (null, null);
        try
        {
            // Read each time: a key that was taken out of the folder is out at once.
            var result = PackageVerifier.Verify(path, _memory.Load(options.Value.TrustedKeys!), time.GetUtcNow());
            (package, signer) = (result.Package, result.KeyId);
            return result.Package is not null ? null : (result.Reason ?? "It could not be verified.").Replace(path, "The package", StringComparison.Ordinal);
        }
        catch (PackageException e)
        {
            return e.Message;
        }
    }

    private ModelView Looked(ModelView view) => view with { Lost = !blobs.Exists(view.Model.Digest) };

    private static ModelView Parse(string body) => JsonSerializer.Deserialize(body, ContractsJson.Default.ModelView)!;
}
