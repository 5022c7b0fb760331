date-day = { $weekday }, { $day } { $month } { $year }
