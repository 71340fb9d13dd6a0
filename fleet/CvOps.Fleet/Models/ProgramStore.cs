using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Programs;
using CvOps.Fleet.Access;
using CvOps.Fleet.Storage;
using Dapper;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Models;

/// <summary>What became of a program package: the program, or why not.</summary>
/// <param name="Refusal">In a sentence; null when it was let in.</param>
/// <param name="Taken">Another package has this version for that machine.</param>
internal sealed record ProgramOutcome(ProgramView? Program, string? Refusal, bool Taken = false);

/// <summary>Programs of the agent's that were proven to come from a trusted signer and to be whole, by the keys that models are held against. A package never changes and never leaves.</summary>
internal sealed class ProgramStore(Database database, BlobStore blobs, Audit audit, IOptions<FleetOptions> options, TimeProvider time)
{
    private const string Columns = "SELECT digest, version, runtime, bytes, signed_by, at, by FROM program";

    private readonly TrustMemory _memory = new(Path.Combine(options.Value.Data, "trust-version"));

    /// <summary>The newest first.</summary>
    public async Task<ProgramView[]> ListAsync(CancellationToken cancel) =>
        Array.ConvertAll(await database.ReadAsync(connection => connection.Query<Row>($"{Columns} ORDER BY at DESC, digest").Select(row => row.View()).ToArray(), cancel), Looked);

    public async Task<ProgramView?> FindAsync(string digest, CancellationToken cancel) => await database.ReadAsync(
        connection => connection.Query<Row>($"{Columns} WHERE digest = @digest", new { digest }).Select(row => row.View()).SingleOrDefault(), cancel) is { } found ? Looked(found) : null;

    /// <summary>The program of that version for that machine.</summary>
    public async Task<ProgramView?> FindAsync(string version, string runtime, CancellationToken cancel) => await database.ReadAsync(
        connection => connection.Query<Row>($"{Columns} WHERE version = @version AND runtime = @runtime", new { version, runtime }).Select(row => row.View()).SingleOrDefault(), cancel) is { } found ? Looked(found) : null;

    /// <exception cref="BlobLostException">The file is gone.</exception>
    public string PackagePath(ProgramView program) => blobs.Find(program.Digest, $"cvops-agent {program.Version} for {program.Runtime}");

    /// <summary>Verifies a package and lets it in. The same package again is the program it was.</summary>
    /// <param name="by">Who brings it.</param>
    public async Task<ProgramOutcome> RegisterAsync(Stream package, string by, CancellationToken cancel)
    {
        BlobStore.IncomingBlob incoming;
        try
        {
            incoming = await blobs.ReceiveAsync(package, Limits.ProgramPackageBytes, cancel);
        }
        catch (InvalidDataException e)
        {
            return new ProgramOutcome(null, $"The package was not taken: {e.Message}");
        }
        using (incoming)
        {
            var verdict = Verify(incoming.Path);
            if (verdict.Package is not { Manifest: var manifest } sound)
            {
                var refusal = (verdict.Reason ?? "It could not be verified.").Replace(incoming.Path, "The package", StringComparison.Ordinal);
                await audit.RecordAsync(by, "program.refused", incoming.Digest, refusal, cancel);
                return new ProgramOutcome(null, refusal);
            }
            if (await FindAsync(incoming.Digest, cancel) is { } known)
            {
                if (!known.Lost) return new ProgramOutcome(known, null);
                incoming.Keep();
                await audit.RecordAsync(by, "program.restored", incoming.Digest, $"the file of {known.Version} for {known.Runtime}, which was lost", cancel);
                return new ProgramOutcome(Looked(known), null);
            }
            if (await FindAsync(manifest.Version, manifest.Runtime, cancel) is { } other) return Taken(other);
            incoming.Keep();
            var view = new ProgramView(manifest.Version, manifest.Runtime, sound.Digest, sound.Bytes, verdict.KeyId!, time.GetUtcNow(), by);
            var added = await database.WriteAsync(connection =>
            {
                var rows = connection.Execute("INSERT INTO program (digest, version, runtime, bytes, signed_by, at, by) VALUES (@Digest, @Version, @Runtime, @Bytes, @SignedBy, @at, @By) ON CONFLICT DO NOTHING",
                    new { view.Digest, view.Version, view.Runtime, view.Bytes, view.SignedBy, at = SqlTime.Of(view.At), view.By });
                return rows == 1 ? Audit.Add(connection, view.At, by, "program.registered", view.Digest, $"{view.Version} for {view.Runtime}, signed by {view.SignedBy}") : 0;
            }, cancel);
            if (added != 0) return new ProgramOutcome(view, null);
            // Somebody else was faster: with the same file, or with another.
            return await FindAsync(view.Digest, cancel) is { } same ? new ProgramOutcome(same, null) : Taken((await FindAsync(view.Version, view.Runtime, cancel))!);
        }
    }

    private static ProgramOutcome Taken(ProgramView other) =>
        new(null, $"There is a program {other.Version} for {other.Runtime} already, with digest {other.Digest}. A version is given once: raise it and pack again.", Taken: true);

    private ProgramVerdict Verify(string path)
    {
        try
        {
            // Read each time: a key that was taken out of the folder is out at once.
            return ProgramVerifier.Verify(path, _memory.Load(options.Value.TrustedKeys!), time.GetUtcNow());
        }
        catch (PackageException e)
        {
            return new ProgramVerdict(null, e.Message, null);
        }
    }

    private ProgramView Looked(ProgramView view) => view with { Lost = !blobs.Exists(view.Digest) };

    private sealed class Row
    {
        public string Digest { get; init; } = "";
        public string Version { get; init; } = "";
        public string Runtime { get; init; } = "";
        public long Bytes { get; init; }
        public string Signed_By { get; init; } = "";
        public long At { get; init; }
        public string By { get; init; } = "";

        public ProgramView View() => new(Version, Runtime, Digest, Bytes, Signed_By, SqlTime.From(At), By);
    }
}
