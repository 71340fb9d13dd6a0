using System.Data.Common;
using CvOps.Fleet.Storage.Portable;

namespace CvOps.Fleet;

/// <summary><c>cvops-fleet export FILE</c> and <c>import FILE</c>, for a fleet that does not run.</summary>
internal static class PortableCommand
{
    private const int ConfigurationMistake = 78;

    public static bool IsMeant(string[] args) => args is ["export" or "import", ..];

    /// <returns>Exit code: 0 done, 1 not, with nothing kept; 78 a mistake in what was asked.</returns>
    public static async Task<int> RunAsync(string[] args, string workingFolder, TextWriter output, TextWriter errors, CancellationToken cancel)
    {
        if (args.Length < 2 || args[1].StartsWith("--", StringComparison.Ordinal))
        {
            errors.WriteLine($"cvops-fleet {args[0]} needs a file: cvops-fleet {args[0]} fleet.cvexport [--data DIR]");
            return ConfigurationMistake;
        }
        var (options, mistakes) = CommandLine.Data(args[2..], workingFolder);
        if (mistakes.Count > 0)
        {
            foreach (var mistake in mistakes) errors.WriteLine(mistake);
            return ConfigurationMistake;
        }
        try
        {
            var isExport = args[0] == "export";
            if (isExport && options.Cluster is null && !File.Exists(Path.Combine(options.Data, "fleet.db")))
            {
                errors.WriteLine($"There is no fleet's data in {options.Data}: name its folder with --data.");
                return ConfigurationMistake;
            }
            var rows = isExport ? await PortableFleet.ExportAsync(options, args[1], cancel) : await PortableFleet.ImportAsync(options, args[1], cancel);
            foreach (var (table, count) in rows.OrderBy(row => row.Key, StringComparer.Ordinal)) output.WriteLine($"{count,12} {table}");
            output.WriteLine(isExport
                ? $"{args[1]} has them all. Pictures, packages and keys are files: copy blobs/, links.key and trust-version of {options.Data} beside it."
                : "They are all there, counted. Put blobs/, links.key and trust-version of the former data folder into this one before the fleet starts.");
            return 0;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or DbException)
        {
            errors.WriteLine($"cvops-fleet {args[0]} did not work, and nothing of it was kept: {e.Message}");
            return 1;
        }
    }
}
