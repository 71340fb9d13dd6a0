using CvOps.Contracts.Packages.Chunks;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update.Fetch;

/// <summary>Takes from the packages on this disk what the wanted one has in common with them. A damaged one costs its damaged chunks and nothing else.</summary>
internal static partial class LocalReuse
{
    /// <returns>Bytes of the wanted package that this made present.</returns>
    public static long Run(PackageAssembly assembly, IEnumerable<string> packages, ILogger log, CancellationToken cancellation)
    {
        var made = 0L;
        foreach (var path in packages)
        {
            if (assembly.IsWhole) break;
            try
            {
                using var package = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
                ChunkScan.Each(package, assembly.List.Average, (_, chunk) => made += assembly.IsWhole ? 0 : assembly.Offer(chunk), cancellation);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A bad sector, or a disk that is full: what comes over the network will meet that again, and is told then.
                Log.PackageUnreadable(log, path, e.Message);
            }
        }
        return made;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4041, Level = LogLevel.Warning, Message = "Package {Path} cannot be read to take chunks from it: {Reason}")]
        public static partial void PackageUnreadable(ILogger log, string path, string reason);
    }
}
