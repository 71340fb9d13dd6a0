using System.Diagnostics.CodeAnalysis;

namespace CvOps.Agent.Update.Fetch.Neighbours;

/// <summary>Where the download shows its assembly to the server that gives chunks of it to neighbours. Safe from any thread.</summary>
internal sealed class FetchBoard
{
    private volatile PackageAssembly? _current;

    public void Show(PackageAssembly assembly) => _current = assembly;

    public void Clear() => _current = null;

    /// <param name="digest">Of the package.</param>
    public bool TryFind(string digest, [NotNullWhen(true)] out PackageAssembly? assembly)
    {
        assembly = _current;
        return assembly is not null && assembly.List.Package == digest;
    }
}
