using System.Data.Common;

namespace CvOps.Fleet.Storage;

/// <summary>A statement that runs many times in a transaction: parsed once, its values by position.</summary>
internal sealed class PreparedCommand : IDisposable
{
    private readonly DbCommand _command;

    /// <param name="names">Of its parameters, without the sign before them, in the order in which values are given.</param>
    public PreparedCommand(DbConnection connection, string sql, params ReadOnlySpan<string> names)
    {
        _command = connection.CreateCommand();
        _command.CommandText = sql;
        foreach (var name in names)
        {
            var parameter = _command.CreateParameter();
            // With its sign: without one SQLite's library asks the statement for the name, then for three others.
            parameter.ParameterName = $"@{name}";
            _command.Parameters.Add(parameter);
        }
    }

    /// <returns>The statement with these values, to be run before the next call; it stays this object's.</returns>
    public DbCommand With(params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++) _command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return _command;
    }

    public int Run(params ReadOnlySpan<object?> values) => With(values).ExecuteNonQuery();

    public void Dispose() => _command.Dispose();
}
