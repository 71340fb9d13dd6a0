using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Models;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Tracking;

/// <param name="Path">Last part of its path.</param>
/// <param name="Bytes">Null for a folder.</param>
internal sealed record ArtefactEntry(string Path, long? Bytes);

/// <summary>Files of runs: rows with their paths, bytes in the blob store, which keeps them when a row goes. Packages of registered models are read here, too.</summary>
internal sealed class Artefacts(Database database, SharedWrites shared, BlobStore blobs, ModelRegistry models, TimeProvider time)
{
    /// <summary>Of addresses that clients ask this fleet for.</summary>
    public const string Scheme = "mlflow-artifacts:";

    public static string LocationOf(long experiment) => string.Create(CultureInfo.InvariantCulture, $"{Scheme}/{experiment}");

    /// <summary>Takes a file in; one that was there at that path is replaced.</summary>
    public async Task PutAsync(ArtefactPath path, Stream bytes, CancellationToken cancel)
    {
        if (path.IsPackage) throw TrackingException.Invalid("A package never changes: sign another version and register that with 'cvops model push'.");
        if (path.Path.Length == 0) throw TrackingException.Invalid("An artefact needs a name.");
        await database.ReadAsync(connection => RunWrites.Find(connection, path.Owner), cancel);
        BlobStore.IncomingBlob incoming;
        try
        {
            incoming = await blobs.ReceiveAsync(bytes, TrackingLimits.ArtefactBytes, cancel);
        }
        catch (InvalidDataException e)
        {
            throw TrackingException.Invalid($"The artefact was not taken: {e.Message}");
        }
        using (incoming)
        {
            if (!blobs.Exists(incoming.Digest)) incoming.Keep();
            await shared.WriteAsync(connection =>
            {
                RunWrites.RequireActive(connection, path.Owner);
                connection.Execute(
                    """
                    INSERT INTO run_artefact (run, path, digest, bytes, at) VALUES (@Owner, @Path, @Digest, @Bytes, @at)
                    ON CONFLICT (run, path) DO UPDATE SET digest = excluded.digest, bytes = excluded.bytes, at = excluded.at
                    """, new { path.Owner, path.Path, incoming.Digest, incoming.Bytes, at = SqlTime.Of(time.GetUtcNow()) });
                return connection.ExecuteScalar<long>("SELECT count(*) FROM run_artefact WHERE run = @Owner", new { path.Owner }) <= TrackingLimits.ArtefactsPerRun
                    ? true
                    : throw TrackingException.Invalid($"A run has at most {TrackingLimits.ArtefactsPerRun} artefacts: pack them.");
            }, cancel);
        }
    }

    /// <returns>The file that holds the bytes.</returns>
    /// <exception cref="TrackingException">There is no such artefact.</exception>
    public async Task<string> FileAsync(ArtefactPath path, CancellationToken cancel)
    {
        if (path.IsPackage)
        {
            var model = await PackageAsync(path, cancel);
            return path.Path == FileNameOf(model) ? models.PackagePath(model) : throw TrackingException.Missing("artefact", path.Path);
        }
        var digest = await database.ReadAsync(connection => connection.ExecuteScalar<string>("SELECT digest FROM run_artefact WHERE run = @Owner AND path = @Path", new { path.Owner, path.Path }), cancel);
        return blobs.Find(digest ?? throw TrackingException.Missing("artefact", path.Path), $"artefact {path.Path} of run {path.Owner}");
    }

    /// <summary>What lies directly under a path; nothing under a path that there is not, and the file itself under a file.</summary>
    public async Task<IReadOnlyList<ArtefactEntry>> ListAsync(ArtefactPath path, CancellationToken cancel)
    {
        if (path.IsPackage) return await PackageAsync(path, cancel) is { } model && path.Path.Length == 0 ? [new ArtefactEntry(FileNameOf(model), model.Bytes)] : [];
        var prefix = path.Path.Length == 0 ? "" : $"{path.Path}/";
        return [.. (await AllAsync(path.Owner, cancel)).Where(file => file.Path.StartsWith(prefix, StringComparison.Ordinal)).GroupBy(file => file.Path[prefix.Length..].Split('/')[0])
            .Select(group => new ArtefactEntry(group.Key, group.First() is { } only && only.Path == prefix + group.Key ? only.Bytes : null))];
    }

    /// <summary>Every file of a run, by path.</summary>
    public Task<RunArtefact[]> AllAsync(string run, CancellationToken cancel) => database.ReadAsync(connection =>
    {
        RunWrites.Find(connection, run);
        return connection.Query<(string Path, long Bytes, string Digest, long At)>("SELECT path, bytes, digest, at FROM run_artefact WHERE run = @run ORDER BY path", new { run })
            .Select(row => new RunArtefact(row.Path, row.Bytes, row.Digest, SqlTime.From(row.At))).ToArray();
    }, cancel);

    /// <summary>Takes a file, or all under a path, out of its run.</summary>
    public Task DeleteAsync(ArtefactPath path, CancellationToken cancel) => path.IsPackage
        ? throw TrackingException.Invalid("A package never leaves the registry; 'cvops model revoke' ends its use.")
        : shared.WriteAsync(connection =>
        {
            RunWrites.RequireActive(connection, path.Owner);
            return connection.Execute("DELETE FROM run_artefact WHERE run = @Owner AND (path = @Path OR @Path = '' OR path LIKE @under ESCAPE '!')",
                new { path.Owner, path.Path, under = $"{SqlText.Literal(path.Path)}/%" });
        }, cancel);

    private async Task<ModelView> PackageAsync(ArtefactPath path, CancellationToken cancel) => await models.FindAsync(path.Owner, cancel) ?? throw TrackingException.Missing("package", path.Owner);

    private static string FileNameOf(ModelView model) => $"{model.Model.Name}-{model.Model.Version}.cvmodel";
}
