namespace CvOps.Fleet.Tests;

/// <summary>Where a test's fleet keeps its grains: beside its read models, nothing to prepare.</summary>
internal static class TestCluster
{
    /// <summary>Whether fleets keep their databases in PostgreSQL.</summary>
    public static bool IsShared => false;

    public static void Prepare(FleetOptions options) => ArgumentNullException.ThrowIfNull(options);
}
