using System.Data.Common;
using Dapper;

namespace CvOps.Fleet.Ingest;

/// <param name="Client">MQTT client id.</param>
/// <param name="Owner">The process that looks after the session under it.</param>
/// <param name="Beat">Rises while that process lives.</param>
/// <param name="Leaving">Nobody may hand over to it: it takes in what it has and then goes, or it has no share yet.</param>
internal sealed record Seat(string Client, string Owner, long Beat, bool Leaving);

/// <summary>
/// Sessions at the broker whose messages this fleet has to take in. A broker gives each session of a shared subscription its share, also while nobody is
/// connected (mosquitto does), so somebody must know of every session there is.
/// </summary>
internal static class SeatTable
{
    public static Seat[] All(DbConnection connection) =>
        [.. connection.Query<(string Client, string Owner, long Beat, long Leaving)>("SELECT client, owner, beat, leaving FROM ingest_seats ORDER BY client").Select(row => new Seat(row.Client, row.Owner, row.Beat, row.Leaving != 0))];

    /// <returns>False when the seat is somebody else's by now.</returns>
    public static bool Beat(DbConnection connection, string client, string owner) =>
        connection.Execute("UPDATE ingest_seats SET beat = beat + 1 WHERE client = @client AND owner = @owner", new { client, owner }) == 1;

    /// <summary>One's own seat, whoever has it.</summary>
    public static int Take(DbConnection connection, string client, string owner, bool leaving) => connection.Execute(
        """
        INSERT INTO ingest_seats (client, owner, beat, leaving) VALUES (@client, @owner, 1, @leaves)
        ON CONFLICT (client) DO UPDATE SET owner = excluded.owner, beat = ingest_seats.beat + 1, leaving = excluded.leaving
        """, new { client, owner, leaves = leaving ? 1 : 0 });

    /// <summary>Another's, if nothing has happened to it since it was seen.</summary>
    public static bool Adopt(DbConnection connection, Seat seen, string owner) => connection.Execute(
        "UPDATE ingest_seats SET owner = @mine, beat = beat + 1 WHERE client = @Client AND owner = @Owner AND beat = @Beat",
        new { mine = owner, seen.Client, seen.Owner, seen.Beat }) == 1;

    public static int SetLeaving(DbConnection connection, string client, string owner, bool leaving) =>
        connection.Execute("UPDATE ingest_seats SET leaving = @leaves WHERE client = @client AND owner = @owner", new { client, owner, leaves = leaving ? 1 : 0 });

    /// <summary>Its session is over: there is nothing to look after.</summary>
    public static int Remove(DbConnection connection, string client, string owner) =>
        connection.Execute("DELETE FROM ingest_seats WHERE client = @client AND owner = @owner", new { client, owner });
}
