using System.Data.Common;
using CvOps.Contracts.Api;
using Dapper;

namespace CvOps.Fleet.Datasets.Snapshots;

/// <summary>Synthetic frames whose label rests on one that people have changed or taken back since.</summary>
internal static class StaleSynthetics
{
    private const string Query = """
        SELECT DISTINCT o.frame FROM frame_origin AS o LEFT JOIN frames AS f ON f.id = o.source
        WHERE f.id IS NULL OR f.state <> @Labelled OR f.labelled_at <> o.labelled_at OR (f.labelled_at IS NULL AND o.labelled_at IS NOT NULL)
        """;

    public static HashSet<string> Read(DbConnection connection) => connection.Query<string>(Query, new { Labelled = (int)LabelState.Labelled }).ToHashSet(StringComparer.Ordinal);
}
