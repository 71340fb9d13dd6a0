using CvOps.Vision.Tracking;

namespace CvOps.Shared.Tests.Tracking;

public sealed class AssignmentTests
{
    [Fact]
    public void No_other_pairing_is_cheaper()
    {
        var random = new Random(3);
        var assignment = new Assignment();
        for (var round = 0; round < 2000; round++)
        {
            var (rows, columns) = (random.Next(0, 6), random.Next(0, 6));
            var limit = random.NextDouble();
            var costs = new double[rows * columns];
            for (var i = 0; i < costs.Length; i++) costs[i] = random.Next(5) == 0 ? double.PositiveInfinity : random.NextDouble();
            var columnOf = new int[rows];
            assignment.Solve(costs, rows, columns, limit, columnOf);
            var taken = columnOf.Where(column => column >= 0).ToArray();
            Assert.Equal(taken.Length, taken.Distinct().Count());
            var found = 0.0;
            for (var row = 0; row < rows; row++)
            {
                if (columnOf[row] < 0) found += limit;
                else
                {
                    Assert.True(costs[row * columns + columnOf[row]] < limit);
                    found += costs[row * columns + columnOf[row]];
                }
            }
            Assert.Equal(Cheapest(costs, rows, columns, limit, 0, 0), found, 9);
        }
    }

    [Fact]
    public void The_nearest_partner_is_given_up_where_all_together_gain()
    {
        var columnOf = new int[2];
        new Assignment().Solve([0.1, 0.2, 0.15, 0.9], 2, 2, 0.95, columnOf);
        Assert.Equal([1, 0], columnOf);
    }

    private static double Cheapest(double[] costs, int rows, int columns, double limit, int row, int taken)
    {
        if (row == rows) return 0;
        var least = limit + Cheapest(costs, rows, columns, limit, row + 1, taken);
        for (var column = 0; column < columns; column++)
        {
            var cost = costs[row * columns + column];
            if ((taken & (1 << column)) == 0 && cost < limit) least = Math.Min(least, cost + Cheapest(costs, rows, columns, limit, row + 1, taken | (1 << column)));
        }
        return least;
    }
}
