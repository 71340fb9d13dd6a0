namespace CvOps.Agent.Update.Fetch;

/// <summary>How far the fetching of a package is, in bytes since this process began with it.</summary>
/// <param name="Package">Its digest.</param>
/// <param name="Total">Size of the package.</param>
/// <param name="Present">On this disk and checked, or in the file when it is fetched whole.</param>
/// <param name="Fetched">From the server, chunk list included.</param>
/// <param name="FromNeighbours">From other agents of the site.</param>
/// <param name="Reused">From packages this device has.</param>
internal sealed record FetchProgress(string Package, long Total, long Present, long Fetched, long FromNeighbours, long Reused);
