using CvOps.Contracts;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update.Fetch.Neighbours;

/// <summary>The other agents of the site, as the configuration names them, and what this one shows them.</summary>
/// <param name="neighbours">Their addresses; one that turns out to be this device itself is left out.</param>
internal sealed class SiteNeighbours(HttpClient http, DeviceId device, IReadOnlyList<Uri> neighbours, FetchBoard board, TimeProvider time, ILogger<SiteNeighbours> log)
{
    /// <summary>Shows the assembly to the neighbours, and plans with them what to take from where, until the result is disposed.</summary>
    public SiteShare Join(PackageAssembly assembly)
    {
        board.Show(assembly);
        return new SiteShare(device, assembly, [.. neighbours.Select(address => new NeighbourClient(http, address, assembly.List.Package, time, log))], board, time);
    }
}
