using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Rollouts;

/// <summary>The one flag that stops everything: a row that is there, or is not.</summary>
internal static class EmergencyStopTable
{
    public static bool IsOn(DbConnection connection) => connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM emergency_stop)");

    /// <summary>The first reason stands until it is lifted.</summary>
    public static void Set(DbConnection connection, RolloutAction action, DateTimeOffset at) =>
        connection.Execute("INSERT INTO emergency_stop (id, at, by, reason) VALUES (1, @at, @By, @Reason) ON CONFLICT DO NOTHING", new { at = SqlTime.Of(at), action.By, action.Reason });

    /// <returns>False when it was not on.</returns>
    public static bool Lift(DbConnection connection) => connection.Execute("DELETE FROM emergency_stop") > 0;

    public static EmergencyStop Read(DbConnection connection)
    {
        var row = connection.QuerySingleOrDefault<(long At, string? By, string? Reason)>("SELECT at, by, reason FROM emergency_stop");
        return row.By is null ? new EmergencyStop(false, null, null, null, []) : new EmergencyStop(true, SqlTime.From(row.At), row.By, row.Reason, []);
    }
}
