using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Update.Import;

/// <summary>
/// Where packages that a person brought wait for the agent: <c>{data}/imported/{digest}.cvmodel</c>, the newest alone, and beside it
/// <c>wanted.json</c> when the agent is to take it without being told by the fleet.
/// </summary>
/// <param name="data">The agent's state folder.</param>
internal sealed class ImportFolder(string data)
{
    private readonly string _root = Path.Combine(data, "imported");

    /// <summary>The package that the agent is to take, once it runs.</summary>
    public string WantedPath => Path.Combine(_root, "wanted.json");

    private string Incoming => Path.Combine(_root, "incoming");

    public static string PathOf(string data, string digest) => Path.Combine(data, "imported", digest + ".cvmodel");

    /// <summary>A copy that nobody takes for a package yet; what it is worth is asked of the copy, so that nobody can change it in between.</summary>
    /// <returns>Its path.</returns>
    /// <exception cref="IOException">The disk is full, the source can't be read, or another import is under way. So for <see cref="UnauthorizedAccessException"/>.</exception>
    public string Receive(Stream package)
    {
        Directory.CreateDirectory(_root);
        using var file = new FileStream(Incoming, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        file.SetLength(0);
        package.CopyTo(file);
        file.Flush();
        DurableFile.Sync(file.SafeFileHandle);
        return Incoming;
    }

    /// <summary>The received copy is believed: it takes the place of the package before.</summary>
    /// <exception cref="IOException">The disk refused. So for <see cref="UnauthorizedAccessException"/>.</exception>
    public void Keep(ModelPackage package)
    {
        var path = PathOf(data, package.Digest);
        // The wish goes first: it may speak of a package that goes now.
        File.Delete(WantedPath);
        File.Move(Incoming, path, overwrite: true);
        foreach (var other in Directory.EnumerateFiles(_root, "*.cvmodel").Where(it => it != path)) File.Delete(other);
        DurableFile.SyncFolder(_root);
    }

    public void Discard() => File.Delete(Incoming);

    /// <summary>Asks the agent to take the kept package, now or when it starts.</summary>
    /// <exception cref="IOException">The disk refused. So for <see cref="UnauthorizedAccessException"/>.</exception>
    public void Want(ModelPackage package)
    {
        var path = PathOf(data, package.Digest);
        var wish = new DesiredModel(package.Ref, null, new Uri(path), new FileInfo(path).Length, false);
        DurableFile.Write(WantedPath, JsonSerializer.SerializeToUtf8Bytes(wish, UpdateJson.Default.DesiredModel));
    }

    /// <returns>What is to be taken; null for nothing.</returns>
    /// <exception cref="JsonException">What is there is no wish.</exception>
    /// <exception cref="IOException">It can't be read. So for <see cref="UnauthorizedAccessException"/>.</exception>
    public DesiredModel? Wanted()
    {
        if (!File.Exists(WantedPath)) return null;
        var wish = JsonSerializer.Deserialize(File.ReadAllBytes(WantedPath), UpdateJson.Default.DesiredModel);
        return wish is not null && ModelFolder.IsDigest(wish.Model.Digest) ? wish : throw new JsonException("it names no package");
    }

    /// <summary>The agent has taken it, and its own journal knows.</summary>
    public void Taken() => File.Delete(WantedPath);
}
