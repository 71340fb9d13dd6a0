using CvOps.Contracts;

namespace CvOps.Fleet.Storage.Portable;

/// <summary>
/// Where an import goes. Files are made in a folder beside and moved into their place when they are whole, so an import that was cut off leaves nothing that a fleet
/// would start on; a database in a server has its transaction for that.
/// </summary>
internal sealed class ImportTarget : IDisposable
{
    private static readonly string[] Files = ["grains.db", "fleet.db"];

    private readonly FleetOptions _wanted;
    private readonly string? _folder;

    /// <exception cref="InvalidDataException">There are databases already.</exception>
    public ImportTarget(FleetOptions options)
    {
        (_wanted, Options) = (options, options);
        Directory.CreateDirectory(options.Data);
        if (options.Cluster is not null) return;
        foreach (var file in Files)
            if (File.Exists(Path.Combine(options.Data, file))) throw new InvalidDataException($"There is a {file} in {options.Data} already; an import needs a folder without: name another with --data.");
        _folder = Path.Combine(options.Data, "importing");
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
        Directory.CreateDirectory(_folder);
        Options = new FleetOptions { Data = _folder };
    }

    /// <summary>The same fleet, with the folder to write to.</summary>
    public FleetOptions Options { get; }

    public IReadOnlyDictionary<string, long> Rows { get; set; } = new Dictionary<string, long>();

    /// <summary>Puts the closed files into their place, the read models last.</summary>
    public void Keep()
    {
        if (_folder is null) return;
        foreach (var file in Files) File.Move(Path.Combine(_folder, file), Path.Combine(_wanted.Data, file));
        DurableFile.SyncFolder(_wanted.Data);
    }

    public void Dispose()
    {
        if (_folder is not null && Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }
}
